import { once } from 'node:events'
import { request } from 'node:http'
import { createInterface } from 'node:readline'

/**
 * Requests a reload on a control socket, and waits until it is over: docs/control.md.
 *
 * @throws with the code of the error if the reload failed, or was rolled back
 */
export async function askForReload(socketPath, reason) {
  const asking = request({ socketPath, method: 'POST', path: '/reload' })
  asking.end(JSON.stringify({ reason }))
  const [response] = await once(asking, 'response')
  let last
  for await (const line of createInterface({ input: response })) last = JSON.parse(line)
  if (last?.event === 'done') return last.result
  throw Object.assign(new Error(last?.error?.message ?? 'the answer was cut off'), { code: last?.error?.code })
}
