import t from 'tap'
import type { Target } from '../../support/connection.js'
import { cleartext, secure } from '../../support/http2-variants.js'
import { missing, printed, runProgram } from '../../support/programs.js'
import { startServer } from '../../support/start.js'

const curl = missing('curl', 'HTTP2')
for (const { name, fastify, target } of [cleartext, secure]) {
  t.test(`${name}: curl asks on through a reload`, { skip: curl }, async (t) => {
    const server = await startServer(t, { config: { fastify, options: { probation: 0 } } })
    const url = urlOf(target(server))
    const how = name === 'cleartext' ? '--http2-prior-knowledge' : '--http2'
    const asked = runProgram('curl', ['-sSkv', how, `${url}/hold/slow`, '-w', '\n%{http_version}\n', `${url}/`])
    // On TLS there is only the one that says which stream was the last.
    const warned = printed(asked, ' GOAWAY, ', name === 'cleartext' ? 2 : 1)
    await server.held('slow')
    server.signal('SIGHUP')
    const child = await server.serving(2)
    // curl 7.88 fails with a stream that crosses the last GOAWAY.
    await warned
    await server.tell({ command: 'release', name: 'slow' }, server.pid)
    const [first = '', , second = ''] = (await asked).stdout.split('\n')
    t.match(JSON.parse(first), { pid: server.pid, generation: 1 })
    t.match(JSON.parse(second.replace(/^2/, '')), { pid: child, generation: 2 })
    t.equal(await server.exitOf(server.pid), 0)
  })
}

t.test('nghttp gets two GOAWAYs, and then the rest of its answer', { skip: missing('nghttp') }, async (t) => {
  const server = await startServer(t, { config: { fastify: cleartext.fastify, options: { probation: 0 } } })
  const asked = runProgram('nghttp', ['-v', `${urlOf(server.target())}/stream/slow`])
  await server.held('slow')
  server.signal('SIGHUP')
  await printed(asked, 'recv GOAWAY', 2)
  await server.tell({ command: 'release', name: 'slow' }, server.pid)
  const { stdout } = await asked
  t.match(stdout, `end ${server.pid}`)
  t.equal(await server.exitOf(server.pid), 0)
  const told = [...stdout.matchAll(/recv GOAWAY[^\n]*\n\s*\(last_stream_id=(\d+), error_code=NO_ERROR/g)]
  const [, asks] = /recv \(stream_id=(\d+)\) :status: 200/.exec(stdout) ?? []
  // The first one names no stream, the second one the last stream. Node may say the second one again at the end.
  t.strictSame(
    told.slice(0, 2).map(([, last]) => last),
    [String(2 ** 31 - 1), asks]
  )
})

t.test('h2load: no new connection is refused or cut', { skip: missing('h2load') }, async (t) => {
  for (const { fastify, target } of [cleartext, secure]) {
    const server = await startServer(t, { config: { fastify, options: { probation: 50 } } })
    // Each connection makes its few requests and ends.
    const run = runProgram('h2load', ['-n', '1200', '-c', '300', '-r', '60', '-m', '4', `${urlOf(target(server))}/`])
    await server.reload()
    await server.reload()
    const { stdout } = await run
    t.match(stdout, /1200 succeeded, 0 failed, 0 errored, 0 timeout/, stdout)
  }
})

function urlOf(target: Target): string {
  if (!('port' in target)) throw new Error('no port')
  return `${target.tls === undefined ? 'http' : 'https'}://${target.host}:${target.port}`
}
