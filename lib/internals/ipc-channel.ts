import type { ChildProcess, SendHandle } from 'node:child_process'

/**
 * What is Node's own on an IPC channel. A message with a `cmd` that begins with `NODE_` is never shown to the app: Node
 * acts on it, from within a listener of `internalMessage`, and an acknowledgement of nothing, say, ends the process
 * that receives it with a failed assertion: https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js
 * (`setupChannel`). But anybody can send one: `process.send({ cmd: 'NODE_HANDLE_ACK' })`.
 */

type Emit = (event: string | symbol, ...args: unknown[]) => boolean

interface Emitter {
  emit: Emit
  /** What waits for the acknowledgement of a handle; null while nothing does. */
  readonly _handleQueue?: unknown[] | null
}

/** Says whether it has taken a message, which the app does not get to see then. */
type Take = (message: unknown, handle: unknown) => boolean

type Send = (
  message: object,
  handle: SendHandle | undefined,
  options: object,
  callback: (error: Error | null) => void
) => boolean

/** https://github.com/nodejs/node/blob/v24.0.0/lib/internal/child_process.js (`setupChannel`) */
interface ChannelHandle {
  onread?: (...chunk: unknown[]) => unknown
}

interface OwnChannel {
  readonly send: Send | undefined
  readonly takers: Set<Take>
}

const KEY = Symbol.for('fastify-graceful-reload.ipc-channel')

/**
 * Keeps what a child process sends from ending this process: what Node cannot make sense of is dropped. That is a
 * message of Node's own, or text that is no message, as of a program that reports to descriptor 3 that it is ready.
 *
 * Fallback: where Node no longer emits `internalMessage`, or reads the channel in another way, nothing is changed.
 *
 * @param dropped - gets the error of what has been dropped, with what was read with it
 */
export function contain(child: ChildProcess, dropped: (error: unknown) => void): void {
  replaceEmit(child as unknown as Emitter, () => false)
  const key = symbolOf(child, 'kChannelHandle')
  const channel = key && (child as unknown as Record<symbol, ChannelHandle | null | undefined>)[key]
  const read = channel?.onread
  if (channel == null || typeof read !== 'function') return
  channel.onread = function (this: unknown, ...chunk: unknown[]) {
    try {
      return Reflect.apply(read, this, chunk)
    } catch (error) {
      // What Node keeps of an unfinished line would spoil all that follows.
      const kept = symbolOf(channel, 'kJSONBuffer')
      if (kept !== undefined) Object.assign(channel, { [kept]: '' })
      return dropped(error)
    }
  }
}

function symbolOf(object: object, name: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find(({ description }) => description === name)
}

/**
 * Sends over the channel to the process that started this one. Returns whether there is one.
 *
 * The app's `process.send` has become one that leaves Node's own words to Node.
 */
export function sendUp(message: object, handle: object | undefined, callback: (error: Error | null) => void): boolean {
  const { send } = ownChannel()
  if (send === undefined || !process.connected) return false
  send(message, handle as SendHandle | undefined, {}, callback)
  return true
}

/**
 * The same in a listener of `exit`, past what waits for the acknowledgement of a handle: that will not come any more.
 *
 * Fallback: where Node keeps what waits in another way, the message waits too, and is lost.
 */
export function sendUpAtExit(message: object): void {
  const channel = process as { _handleQueue?: unknown }
  const waiting = channel._handleQueue
  channel._handleQueue = null
  try {
    sendUp(message, undefined, () => {})
  } finally {
    channel._handleQueue = waiting
  }
}

/**
 * Shows every message from the process that started this one, before the app sees it. A listener cannot keep an event
 * from the others, so `process.emit` is wrapped, once for a process, however often this package has been loaded.
 *
 * @param take - must not throw
 * @returns what ends it
 */
export function onMessageFromAbove(take: Take): () => void {
  const { takers } = ownChannel()
  takers.add(take)
  // Node keeps messages back until somebody listens, and the channel open for as long as somebody does.
  const listen = () => {}
  process.on('message', listen)
  return () => {
    takers.delete(take)
    process.removeListener('message', listen)
  }
}

function ownChannel(): OwnChannel {
  const holder = process as { [KEY]?: OwnChannel }
  holder[KEY] ??= takeChannel()
  return holder[KEY]
}

function takeChannel(): OwnChannel {
  const takers = new Set<Take>()
  const send = process.send?.bind(process) as Send | undefined
  if (send === undefined) return { send, takers }
  replaceEmit(process as unknown as Emitter, (...said) => [...takers].filter((take) => take(...said)).length > 0)
  process.send = withoutInternal(process.send as NonNullable<typeof process.send>)
  return { send, takers }
}

/**
 * What is Node's own must come from Node, which does not use this method. The app learns that this process did not send
 * it.
 */
function withoutInternal(send: NonNullable<typeof process.send>): typeof send {
  return function (this: unknown, message: unknown, ...rest: unknown[]): boolean {
    if (!isInternal(message)) return Reflect.apply(send, process, [message, ...rest])
    const callback = rest.find((argument) => typeof argument === 'function')
    const error = new TypeError('a message with a cmd that begins with NODE_ is reserved to Node and was not sent')
    if (callback !== undefined) process.nextTick(callback as (error: Error) => void, error)
    else process.emitWarning(error.message)
    return false
  } as typeof send
}

function replaceEmit(target: Emitter, take: Take): void {
  const emit = target.emit
  target.emit = function (this: Emitter, event, ...args) {
    if (event === 'internalMessage')
      return emitInternal(target, () => Reflect.apply(emit, this, [event, ...args]), args)
    if (event === 'message' && take(args[0], args[1])) return true
    return Reflect.apply(emit, this, [event, ...args])
  }
}

/** An acknowledgement that nobody waits for is dropped; and what Node cannot act on otherwise throws here. */
function emitInternal(target: Emitter, emit: () => boolean, [message]: unknown[]): boolean {
  const { cmd } = message as { cmd?: unknown }
  const isAnswer = cmd === 'NODE_HANDLE_ACK' || cmd === 'NODE_HANDLE_NACK'
  if (isAnswer && target._handleQueue === null) return true
  try {
    return emit()
  } catch {
    return true // It has meant nothing to Node, and means nothing to anybody else.
  }
}

function isInternal(message: unknown): boolean {
  const { cmd } = Object(message) as { cmd?: unknown }
  return typeof cmd === 'string' && cmd.startsWith('NODE_')
}
