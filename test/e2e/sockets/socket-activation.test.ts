import { lookup } from 'node:dns/promises'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FreshClient, KeepAliveClient } from '../../support/clients.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { inodesOfPort, listeningInodes, listFds } from '../../support/fds.js'
import { freePort } from '../../support/free-port.js'
import { Load } from '../../support/load.js'
import { ServiceUnit, type UnitSettings } from '../../support/service-unit.js'
import { NO_USER_MANAGER } from '../../support/user-manager.js'

const skip = NO_USER_MANAGER

t.test(
  'a socket of systemd survives start, reload, restart and stop, and no connection is refused',
  { skip },
  async (t) => {
    const port = await freePort()
    const target = { host: '127.0.0.1', port }
    const unit = await withSocket(t, [`ListenStream=127.0.0.1:${port}`], { config: { apps: [target] } })
    const inodes = inodesOfPort(port)
    t.equal(inodes.length, 1)
    t.equal((await unit.show('ActiveState')).ActiveState, 'inactive')

    const arrivals = new Load([new FreshClient(target)], { every: 20 })
    await arrivals.reached(1)
    const first = await unit.serving(1)
    t.match(await unit.event('adopted'), { pid: first, key: `tcp 127.0.0.1 ${port}`, address: `127.0.0.1:${port}` })
    t.ok(listeningInodes(first).includes(inodes[0] as number), 'the socket is that of systemd')

    const staying = new Load([new KeepAliveClient(target)], { pause: 10 })
    await staying.reached(1)
    await unit.succeed('reload')
    await Promise.all([arrivals.reached(2), staying.reached(2)])
    const { failures, connectionsClosed } = await staying.stop()
    t.strictSame([failures, connectionsClosed], [[], 0])
    const second = await unit.serving(2)
    t.ok(listeningInodes(second).includes(inodes[0] as number))
    for (const pid of [second])
      t.strictSame(leaks(pid), [], 'a process started from there inherits no listening socket')
    t.notMatch(readFileSync(`/proc/${second}/environ`, 'latin1'), /LISTEN_/)

    await unit.succeed('restart')
    await unit.event((line) => line.graceful === 'adopted' && line.pid !== first && line.pid !== second)
    await arrivals.answered(20)
    t.strictSame((await arrivals.stop()).failures, [])
    await unit.manager.succeed('stop', 'server.service')
    t.strictSame(inodesOfPort(port), inodes)
  }
)

t.test('what the server asks for is found by its address', { skip }, async (t) => {
  const folder = (unit: ServiceUnit) => unit.manager.folder
  const port = await freePort()
  const loopbacks = await lookup('localhost', { all: true })
  const cases: Record<string, [lines: string[], apps: object, adopted: string[]]> = {
    localhost: [
      [`ListenStream=127.0.0.1:${port}`, `ListenStream=[::1]:${port}`],
      { port },
      loopbacks.map(({ address, family }) => (family === 6 ? `[${address}]:${port}` : `${address}:${port}`))
    ],
    'all interfaces': [[`ListenStream=${port}`], { port, host: '0.0.0.0' }, [`[::]:${port}`]],
    'a descriptor': [[`ListenStream=127.0.0.1:${port}`], { fd: 3 }, [`127.0.0.1:${port}`]],
    'a path': [['ListenStream=%t/app.sock'], { path: 'app.sock' }, ['app.sock']]
  }
  for (const [name, [lines, listen, adopted]] of Object.entries(cases)) {
    const unit = await withSocket(t, lines, { config: { apps: [listen] }, service: ['WorkingDirectory=%t'] })
    const path = join(folder(unit), 'app.sock')
    const expected = adopted.map((address) => (address === 'app.sock' ? path : address)).sort()
    await unit.succeed('start')
    const found = unit.output.all('adopted').map(({ address }) => String(address))
    t.strictSame(found.sort(), expected, name)
    await unit.succeed('reload')
    const second = await unit.serving(2)
    const { generation } = await ask(name === 'a path' ? { path } : { host: 'localhost', port })
    t.equal(generation, 2, name)
    const again = unit.output.all((line) => line.graceful === 'adopted' && line.pid === second)
    const addresses = again
      .map(({ address }) => String(address))
      .filter((address) => !address.endsWith('/server/control'))
    t.strictSame(addresses.sort(), expected)
    await unit.succeed('stop')
    if (name === 'a path') t.ok(existsSync(path), 'the path belongs to systemd')
    await unit.manager.succeed('stop', 'server.socket')
  }
})

t.test('a socket that no app asks for, or that does not listen, causes a warning', { skip }, async (t) => {
  const [used, left] = [await freePort(), await freePort()]
  const lines = [
    `ListenStream=127.0.0.1:${used}`,
    `ListenStream=127.0.0.1:${left}`,
    `ListenDatagram=[::1]:${left}`,
    'ListenFIFO=%t/fifo'
  ]
  const unit = await withSocket(t, lines, { config: { apps: [{ port: used, host: '127.0.0.1' }] } })
  await unit.succeed('start')
  t.match(await unit.event('unclaimed'), { key: 'fd 4', address: `127.0.0.1:${left}`, level: 40 })
  const pid = await unit.serving(1)
  t.notOk(
    listeningInodes(pid).some((inode) => inodesOfPort(left).includes(inode)),
    'it is closed here'
  )
  const warnings = unit.output.all('warning').map(({ warning }) => String(warning))
  t.match(warnings.sort(), [/descriptor 5 .* is no TCP or unix socket/, /descriptor 6 .* is no TCP or unix socket/])
})

t.test('a socket on other addresses of the same port is an error that says so', { skip }, async (t) => {
  const port = await freePort()
  const unit = await withSocket(t, [`ListenStream=${port}`], { config: { apps: [{ port }] } })
  t.not((await unit.systemctl('start')).code, 0)
  await unit.event('exit')
  const problem = `cannot listen on "tcp localhost ${port}": the service manager holds a socket on [::]:${port}`
  t.match(unit.output.toString(), problem)
  t.match(unit.output.toString(), 'GRACEFUL_ERR_ACTIVATION')
})

/** A service with a socket unit that listens already; the service itself has not been started. */
async function withSocket(t: Test, socket: string[], settings: UnitSettings): Promise<ServiceUnit> {
  const unit = await ServiceUnit.install(t, { ...settings, socket })
  await unit.manager.succeed('start', 'server.socket')
  return unit
}

/** Listening sockets without FD_CLOEXEC: https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html */
function leaks(pid: number): string[] {
  const listening = new Set(listeningInodes(pid).map((inode) => `socket:[${inode}]`))
  const flagsOf = (fd: number) =>
    Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))?.[1] ?? '', 8)
  return [...listFds(pid)]
    .filter(([fd, link]) => listening.has(link) && (flagsOf(fd) & 0o2000000) === 0)
    .map(([, link]) => link)
}

async function ask(target: Target): Promise<{ generation: number }> {
  const connection = await HttpConnection.open(target)
  const { body } = await connection.request({ path: '/' })
  connection.close()
  return JSON.parse(body)
}
