import { rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { checkFresh } from '../../support/admin.js'
import type { Line } from '../../support/output.js'
import { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { LAUNCHER, launchServer, type ServerSettings, startServer } from '../../support/start.js'

t.jobs = 2

/** How a launcher ends that is started with these arguments, and what it says. */
async function outcome(t: Parameters<typeof launchServer>[0], args: string[], settings: ServerSettings = {}) {
  const prepare = async () => ({ command: [process.execPath, LAUNCHER, ...args] as [string, ...string[]] })
  const server = await launchServer(t, { launcher: [], prepare, ...settings })
  const exit = await server.waitFor(server.exit, 'end of the launcher')
  await server.waitFor(server.gone, 'end of the output')
  return { ...exit, said: server.output.toString() }
}

const WRONG: Record<string, [args: string[], says: RegExp]> = {
  'no script': [[], /fastify-graceful-reload\[\d+\]: .*no script is given/],
  'options and no script': [['--workers', '2', '--enable-source-maps'], /no script is given/],
  '--workers 0': [
    ['--workers', '0', 'server.cjs'],
    /--workers must be a whole number from 1 to 1024, or auto; received 0/
  ],
  '--workers x': [['--workers=x', 'server.cjs'], /--workers must be .* received x/],
  '--workers without a number': [['--workers'], /--workers needs a value/]
}

for (const [what, [args, says]] of Object.entries(WRONG)) {
  t.test(`a command line that makes no sense ends at once with 2 and a reason: ${what}`, async (t) => {
    const { said, ...exit } = await outcome(t, args)
    t.strictSame(exit, { code: 2, signal: null })
    t.match(said, says)
    t.equal(said.split('\n').length, 1, 'one line')
  })
}

t.test('an option that Node does not know is its to refuse', async (t) => {
  const { said, ...exit } = await outcome(t, ['--no-such-option', 'server.cjs'])
  t.strictSame(exit, { code: 9, signal: null })
  t.match(said, /bad option: --no-such-option/)
})

t.test('a script that is not there', async (t) => {
  const { said, ...exit } = await outcome(t, ['nowhere.cjs'])
  t.strictSame(exit, { code: 1, signal: null })
  t.match(said, /Cannot find module/)
})

/** Tells by which options and with which arguments this generation was started. */
const OPTIONS = `
const { say } = require('./app.cjs')
say('options', {
  execArgv: process.execArgv,
  args: process.argv.slice(2),
  heap: require('node:v8').getHeapStatistics().heap_size_limit,
  preloaded: globalThis.preloaded,
  imported: globalThis.imported
})
require('./server.cjs')
`

t.test('options of Node before the script, and arguments after it, reach each generation', async (t) => {
  const options = ['-r', './preload.cjs', '--import', './import.mjs', '--max-old-space-size=77', '--enable-source-maps']
  const server = await startServer(t, {
    launcher: ['--workers', '1'],
    execArgv: options,
    script: 'options.cjs',
    args: ['--workers', '7', '-x'],
    prepare: async (release) => {
      await release.write('options.cjs', OPTIONS)
      await release.write('preload.cjs', 'globalThis.preloaded = true')
      await release.write('import.mjs', 'globalThis.imported = true')
      return undefined
    }
  })
  const first = server.pid
  const second = await server.reload()
  server.signal('SIGKILL', second)
  const isThird = ({ fixture, pid }: Line) => fixture === 'started' && pid !== first && pid !== second
  const { pid: third } = await server.event({ what: 'server after a crash', test: isThird })
  for (const pid of [first, second, third]) {
    const line = await server.eventOf(pid, 'options')
    t.match(line, { preloaded: true, imported: true, args: ['--workers', '7', '-x'], execArgv: options })
    // With what Node adds for young objects, which is more since Node 24; by default it is gigabytes.
    t.ok(Number(line.heap) < 400 * 2 ** 20, `${line.heap}`)
  }
  t.equal(await server.stop(), 0)
})

t.test('an ES module', async (t) => {
  const server = await startServer(t, { launcher: [], script: 'server.mjs', config: { options: { probation: 0 } } })
  await server.release.configure({ release: 'B' })
  await checkFresh(t, server, await server.reload(), 'B')
  t.equal(await server.stop(), 0)
})

t.test(
  'cd current && fastify-graceful-reload server.cjs: each start follows the link, that after a crash too',
  async (t) => {
    let folder = ''
    const options = { options: { probation: 0 } }
    const server: TestServer = await startServer(t, {
      launcher: [],
      config: options,
      prepare: async (release, parent) => {
        folder = parent
        await symlink(release.folder, join(parent, 'current'))
        const shell = ['/bin/sh', '-c', `cd "$0" && exec "$@"`, join(parent, 'current')] as const
        return { command: [...shell, process.execPath, LAUNCHER, 'server.cjs'] }
      }
    })
    const deploy = async (name: string) => {
      const release = await Release.create(join(folder, name), { ...options, release: name })
      await symlink(release.folder, join(folder, 'next'))
      await rename(join(folder, 'next'), join(folder, 'current'))
    }
    for (const name of ['B', 'C']) {
      await deploy(name)
      await checkFresh(t, server, await server.reload(), name)
    }
    await deploy('D')
    const known = server.pids
    server.signal('SIGKILL', server.current)
    const isNext = ({ fixture, pid }: Line) => fixture === 'started' && !known.includes(pid)
    t.match(await server.event({ what: 'server after a crash', test: isNext }), { release: 'D' })
    t.equal(await server.stop(), 0)
  }
)
