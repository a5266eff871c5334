import type { Test } from 'tap'
import { HttpConnection } from './connection.js'
import type { Response } from './http.js'
import { checkOutcome } from './outcome.js'
import type { Line } from './output.js'
import type { TestServer } from './server.js'
import type { ServerSettings } from './start.js'

/** Releases that are more or less well, on probation: the fixture `unwell.cjs`. */

/** A probation that never ends here: the verdict comes first. Milliseconds. */
const LONG = 100_000

/** A server, and how well its first release is. */
export function unwell(options: object, extra: object = {}): ServerSettings & { script: string } {
  return { script: 'unwell.cjs', config: { options: { probation: LONG, ...options }, extra: { ...extra } } }
}

/** Reloads, to a release that is well or unwell as `extra` says. */
export async function reloadTo(server: TestServer, extra: object): Promise<Response> {
  await server.release.configure({ extra: { ...extra } })
  const admin = await HttpConnection.open(server.target())
  const answer = await admin.request({ method: 'POST', path: '/admin/reload' })
  admin.close()
  return answer
}

/** The reload was rolled back, and only the parent is left. */
export async function checkTakenBack(t: Test, server: TestServer, parent: number, answer: Response): Promise<void> {
  t.equal(answer.status, 502, answer.body)
  t.match(JSON.parse(answer.body), { code: 'GRACEFUL_ERR_ROLLED_BACK' })
  const started = (line: Line) => line.pid === parent && line.graceful === 'reload-started'
  const child = Number(server.events(started).at(-1)?.child)
  t.equal(await checkOutcome(t, server, { parent, child }, answer), parent)
}
