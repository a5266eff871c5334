import t from 'tap'
import { startServer, WAYS } from '../../support/start.js'
import { checkTakenBack, reloadTo, unwell } from '../../support/unwell.js'

/** A child whose event loop does not turn. */

for (const { settings: way, where } of WAYS) {
  t.test(`a release whose event loop hangs is killed${where}`, async (t) => {
    const server = await startServer(t, { ...unwell({ health: { hangTimeout: 1000 } }), ...way })
    const parent = server.current
    const answer = await reloadTo(server, { blocks: true })
    await checkTakenBack(t, server, parent, answer)
    t.match(JSON.parse(answer.body).message, /it did not answer for 1000 ms within its probation/)
    t.match(await server.eventOf(parent, 'rolled-back'), { err: { signal: 'SIGKILL' } })
  })
}
