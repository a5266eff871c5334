import { toError } from '../errors.js'
import type { ReloadResult } from '../reload/reload-result.js'
import type { Share } from './share.js'
import type { Worker } from './worker.js'

/**
 * Reloads all workers, one after the other: each successor serves before the next worker begins. Their predecessors stay
 * until the last successor has outlived its probation; if one fails, all of them come back.
 *
 * @param isStopping - whether all of them have been told to stop, which ends parents and children alike
 * @returns what each worker's reload came to
 * @throws {Error} that the first one failed with
 */
export async function roll(
  workers: readonly Worker[],
  reason: string,
  isStopping: () => boolean
): Promise<ReloadResult[]> {
  const shares: Share[] = []
  try {
    for (const worker of workers) {
      const share = await worker.beginReload(reason)
      shares.push(share)
      await unlessOneFails(share.handedOver, shares)
    }
    await unlessOneFails(Promise.all(shares.map(({ passed }) => passed)), shares)
    // Its server had said that all is well just before: it comes back.
    await shares.find(({ isSpoiled }) => isSpoiled)?.made
  } catch (thrown) {
    const { message } = toError(thrown)
    if (!isStopping()) for (const share of shares) share.undo(`the reload of another worker failed: ${message}`)
    await Promise.allSettled(shares.map(({ made }) => made))
    throw thrown
  }
  for (const share of shares) share.commit()
  return Promise.all(shares.map(({ made }) => made))
}

/** A successor may die in its probation while another one boots. */
async function unlessOneFails(step: Promise<unknown>, shares: readonly Share[]): Promise<void> {
  const failures = shares.map(({ made }) => made.then(() => new Promise<never>(() => {})))
  for (const failure of failures) failure.catch(() => {})
  await Promise.race([step, ...failures])
}
