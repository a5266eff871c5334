import { join } from 'node:path'
import t from 'tap'
import { leftNothing, waitingChild } from '../../support/checks.js'
import { startWithControl, statusAt } from '../../support/control-requests.js'
import { runCommand } from '../../support/package-command.js'
import { untilTrue } from '../../support/tree.js'

const script = 'check.cjs'
const WAITS = { boot: 'wait' } as const

t.jobs = 2

/** A check that the command makes. */
async function check(control: string) {
  const { code, stdout } = await runCommand(['check', '--control', control, '--json'])
  return { code, ...JSON.parse(stdout) }
}

t.test('a reload overtakes a check, and a check overtakes nothing', async (t) => {
  const { server, control } = await startWithControl(t, { options: { readyTimeout: 60_000 } }, { script })
  await server.release.configure(WAITS)
  const checked = check(control)
  const child = await waitingChild(server)
  t.match(await statusAt(control), { phase: 'serving', check: { step: 'booting', child, generation: 2 } })
  const text = await runCommand(['status', '--control', control])
  t.match(text.stdout, new RegExp(`^check +fastify-graceful-reload check, for [^:]+: booting, child ${child}$`, 'm'))
  t.match(await check(control), {
    code: 1,
    error: { code: 'GRACEFUL_ERR_NO_CHECK', message: /another check is in progress/ }
  })

  await server.release.configure({ boot: 'none' })
  server.signal('SIGHUP')
  t.match(await checked, {
    code: 1,
    error: { code: 'GRACEFUL_ERR_NO_CHECK', message: /a reload was requested \(SIGHUP\)/ }
  })
  await server.serving(2)
  await leftNothing(t, server, [child])
  t.equal(await server.exitOf(server.pid), 0)

  const booted = server.events('boot')
  await server.release.configure(WAITS)
  const reloaded = runCommand(['reload', '--control', control, '--json'])
  await waitingChild(server, booted)
  t.match(await check(control), {
    code: 1,
    error: { code: 'GRACEFUL_ERR_NO_CHECK', message: /a reload is in progress/ }
  })
  await server.release.write('go', '')
  t.match(await reloaded, { code: 0 }, 'which the check has not disturbed')
})

t.test('a stop ends a check', async (t) => {
  const { server, control } = await startWithControl(t, {}, { script })
  await server.release.configure(WAITS)
  const checked = check(control)
  const child = await waitingChild(server)
  t.equal(await server.stop(), 0)
  t.match(await checked, { code: 1, error: { code: 'GRACEFUL_ERR_NO_CHECK', message: /stopping \(SIGTERM\)/ } })
  await leftNothing(t, server, [child])
})

for (const isEarlier of [false, true]) {
  const which = isEarlier ? ', though its plugin knows no checks' : ''
  t.test(`a process that is checked ends with the one that checks it${which}`, async (t) => {
    const { server, control } = await startWithControl(
      t,
      {},
      {
        script,
        prepare: async (release) => {
          if (!isEarlier) return undefined
          const command = [
            process.execPath,
            '--require',
            release.path('earlier-release.cjs'),
            release.path(script)
          ] as const
          return { command: [...command] }
        }
      }
    )
    if (isEarlier)
      t.match(await check(control), { code: 0, complete: false, closed: true }, 'it boots, and ends when told')
    await server.release.configure(WAITS)
    const checked = check(control)
    const child = await waitingChild(server)
    server.signal('SIGKILL')
    t.match(await checked, { code: 1, error: { code: 'GRACEFUL_ERR_CONNECTION_LOST' } })
    // What would let it serve, if it was still there.
    await server.release.write('go', '')
    await untilTrue(server, 'end of all', () => server.alive().length === 0)
    await leftNothing(t, server, [child])
  })
}

t.test('a new path of a release does not exist during a check or after it', async (t) => {
  const { server, control } = await startWithControl(t, {}, { script })
  const path = join(server.release.folder, 'new.sock')
  await server.release.configure({ servers: [{ path }] })
  t.match(await check(control), { code: 0, opens: [path] })
  await t.rejects(server.release.read('new.sock'), { code: 'ENOENT' })
})
