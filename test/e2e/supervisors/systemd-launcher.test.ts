import t from 'tap'
import { FreshClient, KeepAliveClient } from '../../support/clients.js'
import { HttpConnection } from '../../support/connection.js'
import { freePort } from '../../support/free-port.js'
import { Load } from '../../support/load.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { ServiceUnit } from '../../support/service-unit.js'
import { NO_USER_MANAGER } from '../../support/user-manager.js'

const skip = NO_USER_MANAGER
const LAUNCHER = { example: 'launcher.service' } as const

t.test('one main process for all generations of two workers, under load', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t, LAUNCHER)
  const launcher = await unit.mainPid()
  await unit.until('StatusText', 'generation 1, serving, 2 workers')
  const target = unit.target()
  const arrivals = new Load([new FreshClient(target)], { every: 20 })
  const staying = [...(await PersistentClient.openMany(target, 4)), new KeepAliveClient(target)]
  const load = new Load(staying, { pause: 10 })
  await load.reached(1)
  for (const generation of [2, 3]) {
    await unit.succeed('reload')
    t.match(await unit.show('MainPID', 'ActiveState', 'SubState', 'StatusText'), {
      ...{ MainPID: String(launcher), ActiveState: 'active', SubState: 'running' },
      StatusText: `generation ${generation}, serving, 2 workers`
    })
    await Promise.all([load.reached(generation), arrivals.reached(generation)])
  }
  for (const report of [await load.stop(), await arrivals.stop()]) {
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0)
  }
  t.match(await unit.show('Result', 'NRestarts'), { Result: 'success', NRestarts: '0' })
  await unit.succeed('stop')
  t.match(await unit.show('ActiveState', 'Result'), { ActiveState: 'inactive', Result: 'success' })
})

t.test('a reload that fails lets systemctl reload fail, and the service stays what it was', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t, LAUNCHER)
  const launcher = await unit.mainPid()
  const good = await unit.release.read('server.cjs')
  await unit.release.write('server.cjs', `throw new Error('boom')`)
  t.equal((await unit.systemctl('reload')).code, 1)
  t.match(await unit.show('MainPID', 'ActiveState', 'StatusText'), {
    ...{ MainPID: String(launcher), ActiveState: 'active' },
    StatusText: 'generation 1, serving, 2 workers; the last reload failed: GRACEFUL_ERR_CHILD_EXITED'
  })
  await unit.release.write('server.cjs', good)
  await unit.succeed('reload')
})

t.test('a stop finishes the requests in progress', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t, { ...LAUNCHER, service: ['TimeoutStopSec=1s'] })
  const connection = await HttpConnection.open(unit.target())
  const answer = connection.request({ path: '/hold/slow' })
  const { pid } = await unit.event((line) => line.fixture === 'held' && line.name === 'slow')
  const stopped = unit.systemctl('stop')
  await unit.event((line) => line.pid === pid && line.graceful === 'draining')
  await unit.until('StatusText', 'generation 1, stopping, 2 workers')
  await unit.tell({ command: 'release', name: 'slow' }, pid)
  t.equal((await answer).status, 200)
  t.equal((await stopped).code, 0)
})

t.test('a launcher whose server hangs does not feed the watchdog', { skip }, async (t) => {
  const service = ['WatchdogSec=2s', 'Restart=on-failure', 'RestartSec=50ms']
  const unit = await ServiceUnit.start(t, { ...LAUNCHER, service })
  await unit.succeed('reload')
  process.kill(await unit.serving(2), 'SIGSTOP')
  await unit.until('NRestarts', '1')
  await unit.until('StatusText', 'generation 1, serving, 2 workers')
})

t.test('the launcher passes the socket of a socket unit on to its servers', { skip }, async (t) => {
  const port = await freePort()
  const target = { host: '127.0.0.1', port }
  const config = { apps: [target] }
  const unit = await ServiceUnit.install(t, { ...LAUNCHER, config, socket: [`ListenStream=127.0.0.1:${port}`] })
  await unit.manager.succeed('start', 'server.socket')
  const arrivals = new Load([new FreshClient(target)], { every: 20 })
  await arrivals.reached(1)
  await unit.event('adopted')
  // systemd makes one job of a start that is not complete and a reload:
  // https://www.freedesktop.org/software/systemd/man/latest/systemctl.html
  await unit.until('ActiveState', 'active')
  await unit.succeed('reload')
  await arrivals.reached(2)
  await unit.succeed('restart')
  await arrivals.answered(20)
  t.strictSame((await arrivals.stop()).failures, [])
  await unit.manager.succeed('stop', 'server.service', 'server.socket')
})
