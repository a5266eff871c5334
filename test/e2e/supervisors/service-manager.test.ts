import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { TestServer } from '../../support/server.js'
import { type ServerSettings, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

// Which process sends what, in which order, with a program in place of systemd-notify. systemd.test.ts has the effect
// on systemd.

const RECORD = `#!/bin/sh
line=$(printf '%s|' "$PPID" "$@" | tr '\\n' ' '); echo "$line" >>"$NOTICES"`

t.test('a reload and a stop are told in order, the handover before the parent ends', async (t) => {
  const { server, notices } = await start(t, RECORD, { drainTimeout: 10_000 })
  const first = server.pid
  const second = await server.reload()
  t.equal(await server.stop(), 0)
  const status = (text: string) => `STATUS=generation ${text}`
  const told = (await notices()).filter(
    ([, ...notice]) => notice[0] !== 'WATCHDOG=1' && !/^MAINPID=\d+$/.test(notice.join())
  )
  t.match(told, [
    [String(first), `MAINPID=${first}`, 'READY=1', status('1, serving')],
    [String(first), 'RELOADING=1', /^MONOTONIC_USEC=\d+$/, 'EXTEND_TIMEOUT_USEC=52200000', status('1, reloading')],
    [String(first), status('2, on probation')],
    [String(first), `MAINPID=${second}`, 'READY=1', status('2, serving')],
    [String(second), 'STOPPING=1', 'EXTEND_TIMEOUT_USEC=18000000', status('2, stopping')]
  ])
  t.equal(told.length, 5)
})

t.test('a child whose parent dies on its probation is the main process', async (t) => {
  const { server, notices } = await start(t, RECORD, { probation: 60_000 })
  server.signal('SIGHUP')
  await server.event('handed-over')
  const second = await server.serving(2)
  server.signal('SIGKILL', server.pid)
  await server.exit
  const tellings = async () =>
    (await notices()).filter(([pid]) => pid === String(second)).map(([, ...notice]) => notice)
  // It takes the child a moment to find that it has another parent.
  while (!(await tellings()).flat().includes('READY=1')) await server.heard(second)
  t.equal(await server.stop(), 0)
  const told = await tellings()
  t.match(
    told.filter((notice) => notice.length > 1),
    [[`MAINPID=${second}`, 'READY=1', 'STATUS=generation 2, serving'], ['STOPPING=1']]
  )
})

t.test(
  'the watchdog is fed by the parent until the child is the main process, whatever WATCHDOG_PID says then',
  async (t) => {
    const { server, notices, env } = await start(t, RECORD, {}, { WATCHDOG_USEC: '100000' })
    t.notOk('WATCHDOG_PID' in env)
    const second = await server.reload()
    const fedBy = async (pid: number) =>
      (await notices()).filter(([by, what]) => by === String(pid) && what === 'WATCHDOG=1').length
    while ((await fedBy(second)) < 3) await server.tell({ command: 'phase' })
    t.ok((await fedBy(server.pid)) > 1)
  }
)

t.test('a launcher tells how a reload has ended before it tells that the next one begins', async (t) => {
  const { server, notices } = await start(t, RECORD, {}, {}, { launcher: [] })
  server.signal('SIGHUP', server.launcher)
  await server.event('reload-started')
  server.signal('SIGHUP', server.launcher)
  const states = async () => (await notices()).flat().filter((word) => word === 'READY=1' || word === 'RELOADING=1')
  while ((await states()).length < 5) await server.heard(server.current)
  t.strictSame(await states(), ['READY=1', 'RELOADING=1', 'READY=1', 'RELOADING=1', 'READY=1'])
})

t.test('a program that is missing, or fails, costs one warning and nothing else', async (t) => {
  for (const [program, problem] of [
    [undefined, /could not be notified: spawn systemd-notify ENOENT/],
    ['#!/bin/sh\necho no such luck >&2; exit 3', /could not be notified: systemd-notify: no such luck/]
  ] as const) {
    const { server } = await start(t, program)
    await server.event('warning')
    await server.reload()
    t.equal(await server.stop(), 0)
    const warnings = server.events((line) => line.graceful === 'warning' && line.pid === server.pid)
    t.match(warnings, [{ warning: problem }])
    t.equal(warnings.length, 1)
  }
})

t.test('a program that hangs holds up an exit only for a limited time', async (t) => {
  const { server } = await start(t, '#!/bin/sh\nexec sleep 3600')
  t.equal(await server.stop(), 0)
})

/** Starts a server that finds this program as systemd-notify, and a socket without a reader. */
async function start(
  t: Test,
  program: string | undefined,
  options = {},
  more: Record<string, string> = {},
  settings: ServerSettings = {}
) {
  const folder = await tempFolder(t)
  const file = join(folder, 'notices')
  await writeFile(file, '')
  if (program !== undefined) {
    await writeFile(join(folder, 'systemd-notify'), program)
    await chmod(join(folder, 'systemd-notify'), 0o755)
  }
  const path = program === undefined ? folder : `${folder}:${process.env.PATH}`
  const env = { ...more, PATH: path, NOTICES: file, NOTIFY_SOCKET: join(folder, 'socket') }
  // Without a PATH, `env` would not find Node itself.
  const server: TestServer = await startServer(t, { env, config: { options }, ...settings })
  const notices = async () =>
    (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split('|').slice(0, -1))
  return { server, notices, env }
}
