import { join } from 'node:path'
import type { Test } from 'tap'
import type { ControlError, ControlScaleLine } from '../../lib/control/messages.js'
import type { ScaleResult } from '../../lib/control/reports.js'
import { ControlClient, parseAnswer } from './control-requests.js'
import { tempFolder } from './temp-folder.js'
import { startWorkers, type WorkerSettings, type Workers } from './workers.js'

/** What came of another number of workers: each line of the answer, and the last one. */
export interface Scaled {
  status: number
  steps: string[]
  result?: ScaleResult
  error?: ControlError['error']
}

/** Workers whose launcher has a control socket. */
export async function startScalable(
  t: Test,
  settings: WorkerSettings = {}
): Promise<{ workers: Workers; control: string }> {
  const control = join(await tempFolder(t), 'control.sock')
  const env = { ...settings.env, FASTIFY_GRACEFUL_CONTROL: control }
  return { workers: await startWorkers(t, { count: 1, ...settings, env }), control }
}

/** Asks a launcher for another number of workers, by the body of a request. */
export async function scaleBy(control: string, body: unknown): Promise<Scaled> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const client = await ControlClient.open(control)
  client.write(`POST /workers HTTP/1.1\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  const { status, lines } = parseAnswer(await client.answer)
  const told = lines as unknown as Array<ControlScaleLine | ControlError>
  const steps = told.flatMap((line) => ('event' in line && line.event === 'progress' ? [line.step] : []))
  const last = told.at(-1)
  if (last !== undefined && 'error' in last) return { status, steps, error: last.error }
  if (last !== undefined && 'result' in last) return { status, steps, result: last.result }
  throw new Error(`the answer was cut off: ${JSON.stringify(lines)}`)
}

/** Waits until a launcher says how many workers it has. */
export async function countOf(workers: Workers, count: number, before: number): Promise<void> {
  await workers.logged(new RegExp(`: now ${count}, before ${before}`))
}
