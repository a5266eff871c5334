import { type Client, FreshClient, KeepAliveClient, PipeliningClient } from './clients.js'
import type { Target } from './connection.js'
import { Http2Client } from './http2-client.js'
import { Load, type LoadSettings, type Report } from './load.js'
import { EchoingWebSocket, UploadingClient, WaitingClient } from './mixed-clients.js'
import { PersistentClient } from './persistent-clients.js'

/** Where the clients of mixed traffic find what. */
export interface Places {
  /** HTTP/1.1, by name. */
  plain: Record<string, Target>
  /** HTTP/1.1 over TLS. */
  secure: Target
  /** HTTP/2, by name. */
  http2: Record<string, Target>
}

/** Each request is sent at its time, even if earlier ones are not answered yet. */
const OPEN_LOOP: LoadSettings = { every: 25 }
const CLOSED_LOOP: LoadSettings = { pause: 10 }

/** Clients of every kind at once. */
export class Traffic {
  readonly #loads: Map<string, Load>

  private constructor(loads: Map<string, Load>) {
    this.#loads = loads
  }

  /** Connects what stays connected, and begins. */
  static async begin({ plain, secure, http2 }: Places): Promise<Traffic> {
    const loads = new Map<string, Load>()
    for (const [name, target] of Object.entries(plain)) {
      loads.set(`${name}, open loop`, new Load(await openLoop(target), OPEN_LOOP))
      loads.set(`${name}, one after the other`, new Load(await closedLoop(target), CLOSED_LOOP))
    }
    loads.set('TLS, open loop', new Load([new FreshClient(secure)], { every: 50 }))
    loads.set(
      'TLS, keep-alive',
      new Load(
        several(4, () => new KeepAliveClient(secure)),
        CLOSED_LOOP
      )
    )
    for (const [name, target] of Object.entries(http2)) {
      loads.set(
        name,
        new Load(
          several(2, () => new Http2Client(target)),
          OPEN_LOOP
        )
      )
    }
    return new Traffic(loads)
  }

  /** Waits until every client has been answered by this generation. */
  async reached(generation: number): Promise<void> {
    await Promise.all([...this.#loads.values()].map((load) => load.reached(generation)))
  }

  /** Waits until there were so many more answers to the clients of each kind. */
  async answered(more: number): Promise<void> {
    await Promise.all([...this.#loads.values()].map((load) => load.answered(more)))
  }

  /** Ends, and tells what each kind saw. */
  async stop(): Promise<Map<string, Report>> {
    const reports = [...this.#loads].map(async ([name, load]) => [name, await load.stop()] as const)
    return new Map(await Promise.all(reports))
  }
}

async function openLoop(target: Target): Promise<Client[]> {
  return [
    new FreshClient(target),
    new PipeliningClient(target),
    ...(await PersistentClient.openMany(target, 3)),
    ...(await PersistentClient.openMany(target, 2, 4)),
    await EchoingWebSocket.open(target),
    await EchoingWebSocket.open(target)
  ]
}

async function closedLoop(target: Target): Promise<Client[]> {
  const slow = [UploadingClient.open(target), UploadingClient.open(target), WaitingClient.open(target)]
  return [...(await PersistentClient.openMany(target, 3)), new KeepAliveClient(target), ...(await Promise.all(slow))]
}

function several<T>(count: number, create: () => T): T[] {
  return Array.from({ length: count }, create)
}
