import t from 'tap'
import type { HttpConnection } from '../support/connection.js'
import { openIdle, untilAt } from '../support/moving.js'
import { startServer, WAYS } from '../support/start.js'
import { TRACING_ALL, Traces } from '../support/traces.js'
import { replay } from './replay.js'

t.jobs = 2
for (const { settings, where } of WAYS) {
  t.test(`what the machines of both generations of a real reload have written can be replayed${where}`, async (t) => {
    // The parent asks the child how it is more than once.
    const config = { options: { probation: 1000 } }
    const server = await startServer(t, { script: 'migration.cjs', config, ...settings, env: TRACING_ALL })
    const traces = new Traces(server.output)
    const parent = server.current
    const [connection] = (await openIdle(server.target(), 1)) as [HttpConnection]
    const child = await server.reload()
    await untilAt(server, child, connection)
    t.equal(await server.stop(), 0)
    t.strictSame(traces.pids, [parent, child])
    for (const pid of traces.pids) {
      t.equal(replay(traces.textOf(pid)), undefined)
      t.match(traces.stepsOf(pid).at(-1), { place: { name: 'closed' } }, 'the trace goes up to the end')
    }
    t.match(traces.textOf(parent), /^\{"machine":"server","begin":\{"role":"first"/)
    t.match(traces.textOf(child), /^\{"machine":"server","begin":\{"role":"successor"/)
    t.match(traces.textOf(parent), /^\{"machine":"health".*"do":"ask"/m)
    t.match(traces.textOf(parent), /^\{"machine":"giver 1".*"outcome":"moved"/m)
    t.match(traces.textOf(child), /^\{"machine":"taker 1".*"do":"accept"/m)
    if (settings.launcher === undefined) return
    t.equal(traces.launcher, server.launcher)
    t.equal(replay(traces.textOf(server.launcher)), undefined)
    t.match(traces.stepsOf(server.launcher).at(-1), { place: { name: 'ended' } })
  })
}
