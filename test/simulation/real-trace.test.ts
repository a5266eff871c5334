import t from 'tap'
import { startServer, WAYS } from '../support/start.js'
import { TRACING, Traces } from '../support/traces.js'
import { replay } from './replay.js'

t.jobs = 2
for (const { settings, where } of WAYS) {
  t.test(`what the machines of both generations of a real reload have written can be replayed${where}`, async (t) => {
    const server = await startServer(t, { ...settings, env: TRACING })
    const traces = new Traces(server.output)
    const parent = server.current
    const child = await server.reload()
    t.equal(await server.stop(), 0)
    t.strictSame(traces.pids, [parent, child])
    for (const pid of traces.pids) {
      t.equal(replay(traces.textOf(pid)), undefined)
      t.match(traces.stepsOf(pid).at(-1), { place: { name: 'closed' } }, 'the trace goes up to the end')
    }
    t.match(traces.textOf(parent), /^\{"begin":"first"/)
    t.match(traces.textOf(child), /^\{"begin":"successor"/)
    if (settings.launcher === undefined) return
    t.equal(traces.launcher, server.launcher)
    t.equal(replay(traces.textOf(server.launcher)), undefined)
    t.match(traces.stepsOf(server.launcher).at(-1), { place: { name: 'ended' } })
  })
}
