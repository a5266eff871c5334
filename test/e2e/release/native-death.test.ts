// A child that ends before it serves, and not from JavaScript: no handler of this plugin runs in it. The caller, the
// log and the command get the signal and where to look. The messages of the process itself are on the stderr that it
// shares with its parent. systemd.test.ts shows that systemd shows them too.
import { join } from 'node:path'
import t from 'tap'
import { askControl } from '../../support/control-requests.js'
import type { Line } from '../../support/output.js'
import { runCommand } from '../../support/package-command.js'
import { startServer, WAYS } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

const DEATHS: Array<[what: string, program: string, signal: string, hint: RegExp, ownWords?: RegExp]> = [
  ['abort()', 'process.abort()', 'SIGABRT', /as Node does when its heap is full: its stderr says more/],
  [
    'a heap that is full',
    'const all = []; for (;;) all.push(new Array(10_000).fill({}))',
    ...(['SIGABRT', /as Node does when its heap is full: its stderr says more/] as const),
    /FATAL ERROR: .*heap out of memory/
  ],
  ['a crash', `process.kill(process.pid, 'SIGSEGV')`, 'SIGSEGV', /outside of JavaScript: its stderr or a core dump/],
  ['a kill', `process.kill(process.pid, 'SIGKILL')`, 'SIGKILL', /the system for lack of memory: the log of the kernel/]
]

for (const { settings, where } of WAYS) {
  t.test(`how a child was killed, and where to look${where}`, async (t) => {
    const control = join(await tempFolder(t), 'control.sock')
    const config = { options: { control, readyTimeout: 60_000 }, env: { NODE_OPTIONS: '--max-old-space-size=40' } }
    const server = await startServer(t, { ...settings, config })
    for (const [index, [what, program, signal, hint, ownWords]] of DEATHS.entries()) {
      await server.release.write('server.cjs', program)
      const { error } = (await askControl(control, { command: 'reload', reason: 'a test' })) as {
        error: { message: string }
      }
      t.match(
        error,
        { code: 'GRACEFUL_ERR_CHILD_EXITED', statusCode: 502, exitCode: null, signal, message: hint },
        what
      )
      await server.heard(server.pid)
      const { err, msg } = server.events('reload-failed')[index] as Line
      t.match(err, { signal, message: `was killed by ${signal} (` })
      t.match(msg, hint)
      if (ownWords !== undefined) await server.said(ownWords)
    }
    const printed = await runCommand(['reload', '--control', control])
    t.match(printed, { code: 1, stderr: /was killed by SIGKILL \(.*the log of the kernel.*\) before it was ready/ })
    t.equal(await server.stop(), 0)
  })
}
