import type { Variant } from './apps/programs.js'

/** One way to bring new code into a running service. */
export interface Party {
  readonly name: string
  /** The app as this party needs it. */
  readonly variant: Variant
  /** Starts the service and waits until it answers. */
  start(): Promise<Service>
}

/** A service that can be reloaded. */
export interface Service {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number
  /** Reloads, and waits until nothing of the old code runs. Returns how long it took until all that accepts is new. */
  reload(): Promise<number>
  /** Stops the service and waits until its last process has ended. */
  stop(): Promise<void>
}
