import type { Channel } from 'node:diagnostics_channel'

type Listener = (message: unknown) => void

/**
 * Subscribes to a channel, and replaces the subscriber that did so last under this name. There is one set of channels
 * for a process, but there may be several sets of modules and global objects: Jest makes both again for each test file.
 * So the subscriber of a file that is over would also get the messages of the next file.
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
