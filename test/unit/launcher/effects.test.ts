import t from 'tap'
import { Effects, type Parts } from '../../../lib/launcher/effects.js'
import type { Server } from '../../../lib/launcher/server.js'
import type { ReloadResult } from '../../../lib/reload/reload-result.js'
import { deferred } from '../../../lib/util/deferred.js'

t.test('a long look for the reason counts neither for the reload that failed nor for the next one', async (t) => {
  const examined = deferred<void>()
  const server = { lastSaid: { error: undefined, stderr: [] as string[] }, examine: () => examined.promise }
  const known = new Map([[5, server as unknown as Server]])
  const host = { state: { roll: { turns: [], reason: 'deploy', asks: [3] }, workers: [{ id: 0 }] } }
  const [noted, told] = [deferred<object>(), deferred<Error | ReloadResult>()]
  const ends: string[] = []
  const parts = {
    host: { ...host, tell: noted.resolve },
    servers: { find: (id: number) => known.get(id) },
    events: {
      reloadEnds: (reason: string) => {
        ends.push(reason)
        return async (outcome: Error | ReloadResult) => told.resolve(outcome)
      }
    }
  }
  const ending = { exitCode: 1, signal: null }
  const failure = { kind: 'exited', server: 5, worker: 0, ending } as const
  new Effects(() => parts as unknown as Parts).carryOut({ do: 'note end', ask: 3, failure })
  t.strictSame(ends, ['deploy'], 'the time is taken before')

  // Meanwhile the next reload has begun, and the server is no longer spoken of.
  known.clear()
  Object.assign(host.state.roll, { reason: 'the next', asks: [4] })
  server.lastSaid.stderr = ['SyntaxError: the reason']
  examined.resolve()
  t.match(await told.promise, { cause: { message: 'SyntaxError: the reason' }, exitCode: 1 })
  t.strictSame(await noted.promise, { type: 'noted', ask: 3 })
  t.strictSame(ends, ['deploy'])
})
