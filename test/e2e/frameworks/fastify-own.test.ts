import { version } from 'fastify/package.json'
import t from 'tap'
import { type Failure, FastifyOwn } from '../../support/fastify-own.js'
import { OtherNode } from '../../support/other-node.js'

// Fastify's own tests, with the plugin registered in each app that they make: what fails only then is a difference.

/** Why a test of Fastify must fail with the plugin. */
const DIFFERENCES: Record<string, string[]> = {
  'what plain Fastify answers with 503, cuts or refuses once it closes, is served if it comes on an open connection, and else refused':
    [
      'Should return 503 while closing - pipelining',
      'Should close the socket abruptly - pipelining - return503OnClosing: false',
      'Current opened connection should not accept new incoming connections',
      'rejected incoming connections should be logged',
      'http/2 request while fastify closing Node <24',
      'http/2 sessions should be closed when setting forceClosedConnections to true'
    ],
  'the server of a closed app accepts nothing new, also if the app did not make it listen': [
    'Should not call close on the server if it has not created it'
  ],
  'the plugin stands among the plugins': [
    'set the plugin name based on the plugin displayName symbol',
    'plugin name will change when using no encapsulation',
    'hasPlugin returns true when using no encapsulation',
    'pretty print - empty plugins'
  ],
  'the plugin logs': [
    'Should not have issues when passing stream options to Pino.js',
    'can use external logger instance',
    'file option',
    'can use external logger instance with custom serializer',
    'The logger should accept custom serializer',
    'should not rely on raw request to log errors',
    'should log the error if no error handler is defined',
    'should log as info if error status code >= 400 and < 500 if no error handler is defined',
    'should log as error if error status code >= 500 if no error handler is defined',
    'should not log the error if error handler is defined and it does not error',
    'test log stream',
    'test error log stream',
    'should redact the authorization header if so specified'
  ]
}

/** The test files about what the plugin touches: `npm run test:frameworks` runs these, `npm run test:fastify` all. */
const TOUCHED =
  /^test\/(async-dispose|close|custom-http-server|decorator|hooks|inject|keep-alive|listen|plugin|register|server|upgrade|http2\/closing|https\/custom-https|internals\/(hook|server)|logger)/

const areAll = process.env.FASTIFY_TESTS === 'all'
const fastify5 = new FastifyOwn(version, '7', process.execPath)
const node = new OtherNode(22, 24)
const versions: Array<[string, FastifyOwn, string | false]> = [[version, fastify5, fastify5.missing]]
if (areAll && process.env.FASTIFY_NEXT === '1') {
  const next = '6.0.0-alpha.4'
  const fastify6 = new FastifyOwn(next, '8', node.path)
  versions.push([next, fastify6, node.missing || fastify6.missing])
}

for (const [name, fastify, skip] of versions)
  t.test(`the tests of Fastify ${name} pass with the plugin in each app`, skip ? { skip } : {}, async (t) => {
    const files = fastify.files.filter((file) => areAll || TOUCHED.test(file))
    const { ran, failures } = await fastify.run(files, true, Object.values(DIFFERENCES).flat())
    t.comment(`${ran} tests in ${files.length} files`)
    t.ok(ran > files.length, `${ran} tests`)
    t.strictSame(await dueToThePlugin(fastify, failures), [])
  })

/** Those that fail again, and not without the plugin: some of Fastify's tests count on a machine that is not busy. */
async function dueToThePlugin(fastify: FastifyOwn, failures: Failure[]): Promise<Failure[]> {
  if (failures.length === 0) return []
  const files = [...new Set(failures.map(({ file }) => file))]
  const again = await fastify.run(files, true, Object.values(DIFFERENCES).flat())
  const plain = await fastify.run(files, false)
  const isAmong = (others: Failure[], one: Failure) =>
    others.some(({ file, name }) => file === one.file && name === one.name)
  return failures.filter((one) => isAmong(again.failures, one) && !isAmong(plain.failures, one))
}
