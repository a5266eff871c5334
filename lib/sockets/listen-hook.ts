import { tracingChannel } from 'node:diagnostics_channel'
import type { ListenOptions, Server } from 'node:net'
import { parkListen } from '../internals/listening-handle.js'
import { subscribeAlone } from '../util/one-subscriber.js'
import { os } from '../util/os.js'

/** Carried by the options of a listen call: Fastify copies them for its server on the second loopback of localhost. */
const OWNER = Symbol('fastify-graceful-reload.owner')

/** What brings options back that a call has been made to use in another form, until that call has returned. */
const undo = new WeakMap<object, () => void>()

/** Carried by the options of a listen call that is the plugin's own affair. */
export const UNWATCHED = Symbol('fastify-graceful-reload.unwatched')

/** A call with an fd looks at nothing else. */
const NO_FD = { fd: undefined } as unknown as { fd: number }

type Target = ListenOptions & { fd?: number; [OWNER]?: object }

/** A call of `net.Server#listen` that has just begun: its options have not been used yet. */
export class ListenCall {
  readonly server: Server
  readonly options: Readonly<ListenOptions & { fd?: number }>
  readonly #options: Target

  constructor(server: Server, options: Target) {
    // Two servers may be given the same object in one turn of the event loop.
    undo.get(options)?.()
    this.server = server
    this.options = options
    this.#options = options
  }

  /**
   * Whether the call goes to the primary of a cluster, which binds for all its workers:
   * https://nodejs.org/api/cluster.html#how-it-works
   */
  get isForwarded(): boolean {
    return os.isClusterWorker()
  }

  /** Whether the options cannot be changed, not even for a moment. */
  get isFixed(): boolean {
    return !Object.isExtensible(this.#options)
  }

  get owner(): object | undefined {
    return this.#options[OWNER]
  }

  set owner(owner: object) {
    if (!this.isFixed) this.#options[OWNER] = owner
  }

  /**
   * Lets the call use other options. They belong to somebody else, so they are as before when the call has returned.
   * Where they are fixed, a server that has its handle already takes the longer way to it.
   */
  redirect(change: Partial<ListenOptions & { fd: number }>): void {
    if (this.isFixed) return
    const before = Object.keys(change).map((key) => [key, Object.getOwnPropertyDescriptor(this.#options, key)] as const)
    Object.assign(this.#options, change)
    const restore = () => {
      if (undo.get(this.#options) !== restore) return
      undo.delete(this.#options)
      for (const [key, descriptor] of before) {
        if (descriptor === undefined) Reflect.deleteProperty(this.#options, key)
        else Object.defineProperty(this.#options, key, descriptor)
      }
    }
    undo.set(this.#options, restore)
    process.nextTick(restore)
  }

  /**
   * Makes the call again once the promise is fulfilled, if it is still wanted then; fails it if the promise is
   * rejected.
   */
  postpone(until: Promise<unknown>, isWanted: () => boolean): void {
    parkListen(this.server)
    // A cluster worker would ask its primary for the fd; on a port of its own it does not ask.
    this.redirect(this.isForwarded ? { ...NO_FD, port: 0, host: '', exclusive: true } : { fd: 0 })
    // Not before this call has come to its end, however little there was to wait for.
    const over = new Promise<void>((resolve) => process.nextTick(resolve))
    Promise.all([until, over]).then(
      () => isWanted() && this.server.listen(this.#options),
      (error) => this.server.emit('error', error)
    )
  }

  /** Lets the call end with an error. */
  fail(error: Error): void {
    this.postpone(Promise.reject(error), () => false)
  }

  /** Calls back when the server listens, before any other listener of the event; never if the call fails. */
  whenListening(callback: () => void): void {
    const settle = () => {
      this.server.removeListener('listening', listening)
      this.server.removeListener('error', settle)
    }
    const listening = () => {
      settle()
      callback()
    }
    this.server.prependListener('listening', listening)
    this.server.prependListener('error', settle)
  }
}

/**
 * Reports every listen call of this process, of any library, through `tracing:net.server.listen`:
 * https://nodejs.org/api/diagnostics_channel.html#tcp-socket
 *
 * @returns the function that ends it
 */
export function watchListenCalls(onCall: (call: ListenCall) => void): () => void {
  const onStart = (message: unknown) => {
    const { server, options } = message as { server: Server; options: Target }
    if (options !== null && typeof options === 'object' && !(UNWATCHED in options))
      onCall(new ListenCall(server, options))
  }
  return subscribeAlone(tracingChannel('net.server.listen').asyncStart, 'fastify-graceful-reload.listen.1', onStart)
}
