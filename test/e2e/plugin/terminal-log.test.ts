// A log that goes to the terminal, which is closed while the server writes: each write fails with EIO from then on, an
// error that pino leaves uncaught. Whether that comes first or the SIGHUP of the terminal, the server stops and never
// hangs.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HAS_PROC } from '../../support/fds.js'
import type { Line } from '../../support/output.js'
import { openOutput } from '../../support/service-unit.js'
import { LAUNCHER, launchServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

const skip = (!HAS_PROC || spawnSync('script', ['--version']).error !== undefined) && 'there is no `script`'

/** Says by another way than its log how it ends. */
const SERVER = `
const app = require('fastify')({ logger: true })
app.register(require('fastify-graceful-reload'), { probation: 100 })
app.listen({ port: 0, host: '127.0.0.1' })
const timer = setInterval(() => app.log.info('one more line'), 1)
app.addHook('onClose', async () => clearInterval(timer))
process.on('exit', (code) => {
  require('node:fs').appendFileSync(process.env.ENDS, JSON.stringify({ fixture: 'exit', pid: process.pid, code }) + '\\n')
})
`

/** As a job of the shell, which leads the session and passes the SIGHUP on by its end. */
const JOB = '$COMMAND; exec tail -f /dev/null'
/** In its own session, which no terminal hangs up. The shell waits for the end of the terminal. */
const DAEMON = 'setsid $COMMAND & exec tail -f /dev/null'

/** Starts it on a terminal, closes that, and returns what still runs then. */
async function startAndClose(t: Test, script: string, launcher: string[]) {
  const folder = await tempFolder(t)
  const [ends, path] = openOutput(t, join(folder, 'ends'))
  const server = await launchServer(t, {
    prepare: async (release) => {
      await release.write('server.cjs', SERVER)
      const command = [process.execPath, ...launcher, release.path('server.cjs')].join(' ')
      const env = [`COMMAND=${command}`, `IN_TERMINAL=${script}`, `ENDS=${path}`, 'SHELL=/bin/sh']
      return { command: ['env', ...env, '/bin/sh', '-c', 'exec script -q -e -c "$IN_TERMINAL" /dev/null'] }
    }
  })
  const { pid } = await server.event('serving')
  const isNode = (one: number) => readFileSync(`/proc/${one}/cmdline`, 'utf8').startsWith(`${process.execPath}\0`)
  const above = server.alive().find((one) => one !== pid && isNode(one))
  server.signal('SIGKILL', server.pid) // the pid of script: its end closes the terminal
  const end = await ends.event({ what: 'end of the server', test: (line: Line) => line.pid === pid })
  return { server, end, above }
}

for (const [where, launcher] of [
  ['', []],
  [', under a launcher', [LAUNCHER]]
] as const) {
  t.test(`a terminal that is closed while the server writes to it stops it${where}`, { skip }, async (t) => {
    const { server, end } = await startAndClose(t, JOB, [...launcher])
    t.ok(end.code === 0 || end.code === 1, `exit code ${end.code}`)
    await server.waitFor(server.gone, 'end of all')
  })
}

t.test(
  'a server that the terminal tells nothing ends by the error, as by any that is uncaught',
  { skip },
  async (t) => {
    const { server, end } = await startAndClose(t, DAEMON, [])
    t.equal(end.code, 1)
    await server.waitFor(server.gone, 'end of all')
  }
)

t.test('a launcher in that place starts others, and SIGTERM ends it', { skip }, async (t) => {
  const { server, end, above } = await startAndClose(t, DAEMON, [LAUNCHER])
  t.equal(end.code, 1)
  t.ok(server.alive().includes(above ?? 0))
  server.signal('SIGTERM', above)
  await server.waitFor(server.gone, 'end of all')
})
