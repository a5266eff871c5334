import { HttpConnection, type Target } from './connection.js'
import { ClientFailure } from './exchange.js'
import { within } from './limit.js'

/** Connects again and again until nothing listens there any more. */
export async function untilRefused(target: Target): Promise<void> {
  const over = new AbortController()
  const refused = async () => {
    while (!over.signal.aborted && (await isAccepted(target))) {
      // Each turn was one connection that somebody still took.
    }
  }
  try {
    await within(refused(), `refused connection at ${JSON.stringify(target)}`)
  } finally {
    over.abort()
  }
}

async function isAccepted(target: Target): Promise<boolean> {
  try {
    const connection = await HttpConnection.open(target)
    connection.close()
    return true
  } catch (err) {
    if (err instanceof ClientFailure && err.kind === 'connect') return false
    throw err
  }
}
