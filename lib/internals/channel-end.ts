type Emit = (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) => boolean

const KEY = Symbol.for('fastify-graceful-reload.channel-end')

/**
 * Calls back when the channel to the process that started this one has ended, in place of the app's listeners of
 * `disconnect`. To an app that event says that the process which forked it is gone, and many end then:
 * `process.on('disconnect', process.exit)`. But this channel is between two generations, and ends with every reload.
 * For the same reason the app cannot close it.
 *
 * A listener cannot keep an event from the others, so `process.emit` is wrapped, as signal-exit does it; once for a
 * process, however often this package has been loaded.
 */
export function onChannelEnd(callback: () => void): void {
  const holder = process as { [KEY]?: Set<() => void> }
  holder[KEY] ??= replaceListeners()
  holder[KEY].add(callback)
}

function replaceListeners(): Set<() => void> {
  const callbacks = new Set<() => void>()
  const emit = process.emit as Emit
  process.emit = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'disconnect') return Reflect.apply(emit, this, [event, ...args])
    for (const callback of callbacks) callback()
    return true
  } as typeof process.emit
  keepOpen()
  return callbacks
}

/**
 * Makes `process.disconnect()` do nothing when the app calls it. Node calls the same method when the other end has
 * closed, from `channel.onread` of lib/internal/child_process.js, so the stack shows the caller.
 *
 * Fallback: if the stack does not show it, the channel is closed, and a reload that is in progress fails.
 */
function keepOpen(): void {
  const disconnect = process.disconnect as (() => void) | undefined
  if (disconnect === undefined) return
  process.disconnect = () => {
    const caller = String(new Error().stack).split('\n')[2]
    if (caller === undefined || caller.includes('node:internal/')) disconnect.call(process)
  }
}
