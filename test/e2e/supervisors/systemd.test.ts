import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { FreshClient, KeepAliveClient } from '../../support/clients.js'
import { HttpConnection, type Target } from '../../support/connection.js'
import { Load } from '../../support/load.js'
import { PersistentClient } from '../../support/persistent-clients.js'
import { ServiceUnit } from '../../support/service-unit.js'
import { NO_USER_MANAGER } from '../../support/user-manager.js'

const skip = NO_USER_MANAGER

t.test('systemctl reload returns when the reload is done, and the service goes on under load', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t)
  const first = await unit.serving(1)
  t.match(await unit.show('MainPID', 'ActiveState', 'SubState', 'StatusText'), {
    MainPID: String(first),
    ActiveState: 'active',
    SubState: 'running',
    StatusText: 'generation 1, serving'
  })
  const target = unit.target()
  const arrivals = new Load([new FreshClient(target)], { every: 10 })
  const staying = [...(await PersistentClient.openMany(target, 4)), new KeepAliveClient(target)]
  const load = new Load(staying, { pause: 5 })
  await load.reached(1)

  for (const generation of [2, 3]) {
    await unit.succeed('reload')
    const pid = await unit.serving(generation)
    await unit.until('MainPID', String(pid))
    t.match(await unit.show('ActiveState', 'SubState', 'StatusText'), {
      ActiveState: 'active',
      SubState: 'running',
      StatusText: `generation ${generation}, serving`
    })
    await Promise.all([load.reached(generation), arrivals.reached(generation)])
  }
  for (const report of [await load.stop(), await arrivals.stop()]) {
    t.strictSame(report.failures, [])
    t.equal(report.connectionsClosed, 0)
  }
  t.match(await unit.show('Result', 'NRestarts'), { Result: 'success', NRestarts: '0' })

  // Not the main process as systemd sees it: for a moment after a reload that is another one, see
  // lib/systemd/main-process.ts.
  const last = await unit.serving(3)
  await unit.succeed('stop')
  t.match(await unit.event((line) => line.fixture === 'exit' && line.pid === last), { code: 0 })
  t.match(await unit.show('ActiveState', 'Result'), { ActiveState: 'inactive', Result: 'success' })
})

t.test('a reload that fails lets systemctl reload fail, and the service stays what it was', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t, { config: { options: { readyTimeout: 15_000, probation: 3000 } } })
  const first = await unit.serving(1)
  const good = await unit.release.read('server.cjs')
  const load = new Load([new FreshClient(unit.target()), new KeepAliveClient(unit.target())], { pause: 5 })
  const failures = {
    GRACEFUL_ERR_CHILD_EXITED: `throw new Error('boom')`,
    GRACEFUL_ERR_READY_TIMEOUT: 'setInterval(() => {}, 1000)',
    // Last, since it costs the connections that it has accepted.
    GRACEFUL_ERR_ROLLED_BACK: `${good}; require('node:diagnostics_channel').subscribe('fastify-graceful-reload:serving', () => setTimeout(() => process.exit(1), 50))`
  }
  for (const [code, program] of Object.entries(failures)) {
    if (code === 'GRACEFUL_ERR_ROLLED_BACK') t.strictSame((await load.stop()).failures, [])
    await unit.release.write('server.cjs', program)
    t.equal((await unit.systemctl('reload')).code, 1)
    t.match(await unit.show('MainPID', 'ActiveState', 'SubState', 'StatusText'), {
      MainPID: String(first),
      ActiveState: 'active',
      SubState: 'running',
      StatusText: `generation 1, serving; the last reload failed: ${code}`
    })
  }
  await unit.release.write('server.cjs', `process.kill(process.pid, 'SIGSEGV')`)
  t.equal((await unit.systemctl('reload')).code, 1)
  const { StatusText } = await unit.show('StatusText')
  t.match(StatusText, /CHILD_EXITED \(the child was killed by SIGSEGV \(.*its stderr or a core dump .*\) before/)
  await unit.release.write('server.cjs', good)
  await unit.succeed('reload')
  const { result } = await unit.event('reload-succeeded')
  await unit.until('MainPID', String((result as { pid: number }).pid))
})

t.test('the service is reloading for as long as the reload takes, for every caller', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t, { config: { options: { probation: 5000 } } })
  const first = await unit.serving(1)
  process.kill(first, 'SIGHUP')
  await unit.until('ActiveState', 'reloading')
  const second = await unit.serving(2)
  await unit.until('StatusText', 'generation 2, on probation')
  t.match(await unit.show('MainPID', 'ActiveState'), { MainPID: String(first), ActiveState: 'reloading' })
  await unit.until('ActiveState', 'active')
  await unit.until('MainPID', String(second))
})

t.test('a stop in or right after a reload finishes the requests in progress', { skip }, async (t) => {
  for (const when of ['after', 'in probation'] as const) {
    const unit = await ServiceUnit.start(t, { config: { options: { probation: when === 'after' ? 100 : 5000 } } })
    const target = unit.target()
    const old = await held(unit, target, 'old')
    if (when === 'after') await unit.succeed('reload')
    else process.kill(await unit.serving(1), 'SIGHUP')
    await unit.event('handed-over')
    const young = await held(unit, target, 'young')
    t.not(old.pid, young.pid)
    const stopped = unit.systemctl('stop')
    await unit.event((line) => line.pid === young.pid && line.graceful === 'draining')
    await unit.until('StatusText', `generation ${when === 'after' ? 2 : 1}, stopping`)
    t.equal((await unit.show('ActiveState')).ActiveState, 'deactivating')
    for (const { name, pid } of [young, old]) await unit.tell({ command: 'release', name }, pid)
    for (const { answer } of [young, old]) t.equal((await answer).status, 200)
    t.equal((await stopped).code, 0)
    t.equal((await unit.show('ActiveState')).ActiveState, 'inactive')
  }
})

t.test('a stop may take as long as the drain, beyond TimeoutStopSec', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t, { service: ['TimeoutStopSec=1s'] })
  const { name, pid, answer } = await held(unit, unit.target(), 'slow')
  const stopped = unit.systemctl('stop')
  await unit.event('draining')
  const late = pause(2000)
  t.equal(
    await Promise.race([
      answer.then(
        () => 'answered',
        () => 'cut off'
      ),
      late.then(() => 'in progress')
    ]),
    'in progress'
  )
  await unit.tell({ command: 'release', name }, pid)
  t.equal((await answer).status, 200)
  t.equal((await stopped).code, 0)
})

t.test('a generation that dies later is noticed, and the service started again', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t, { service: ['Restart=on-failure', 'RestartSec=50ms'] })
  await unit.succeed('reload')
  const second = await unit.serving(2)
  await unit.until('MainPID', String(second))
  process.kill(second, 'SIGKILL')
  await unit.until('NRestarts', '1')
  await unit.until('StatusText', 'generation 1, serving')
})

t.test('the watchdog is fed through a reload, and kills a server that hangs', { skip }, async (t) => {
  const unit = await ServiceUnit.start(t, {
    config: { options: { probation: 2500 } },
    service: ['WatchdogSec=1s', 'Restart=on-failure', 'RestartSec=50ms']
  })
  await unit.succeed('reload')
  const second = await unit.serving(2)
  await unit.until('MainPID', String(second))
  await pause(2500)
  await unit.until('MainPID', String(second))
  t.match(await unit.show('NRestarts'), { NRestarts: '0' })
  process.kill(second, 'SIGSTOP')
  await unit.until('NRestarts', '1')
  await unit.until('StatusText', 'generation 1, serving')
})

/** A request that is in the server's hands until it is released. */
async function held(unit: ServiceUnit, target: Target, name: string) {
  const connection = await HttpConnection.open(target)
  const answer = connection.request({ path: `/hold/${name}` })
  const { pid } = await unit.event((line) => line.fixture === 'held' && line.name === name)
  return { name, pid, answer }
}
