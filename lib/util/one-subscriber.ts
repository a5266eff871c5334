import type { Channel } from 'node:diagnostics_channel'

type Listener = (message: unknown) => void

/**
 * Subscribes to a channel in place of the last one that did so under this name. Channels are the process's, but modules and the global
 * object need not be: Jest has both anew for each test file, and the subscriber of a file that is over would go on hearing of the next.
 *
 * @returns the function that ends it
 */
export function subscribeAlone(channel: Channel, name: string, listener: Listener): () => void {
  const holder = channel as unknown as { [key: symbol]: Listener | undefined }
  const key = Symbol.for(name)
  const last = holder[key]
  if (last !== undefined) channel.unsubscribe(last)
  holder[key] = listener
  channel.subscribe(listener)
  return () => {
    channel.unsubscribe(listener)
    if (holder[key] === listener) holder[key] = undefined
  }
}
