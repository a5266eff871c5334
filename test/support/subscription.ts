import type { Test } from 'tap'
import { HttpConnection } from './connection.js'
import type { TestServer } from './server.js'

/** What a fixture publishes at `POST /publish/<name>`. */
export interface Published {
  name: string
  generation: number
}

/** What a client hears that has subscribed to all that a server publishes. */
export class Subscription {
  readonly events: Published[] = []
  /** How often it has ended without being asked to. */
  readonly ends: unknown[] = []
  #wake: () => void = () => {}

  hear(event: Published): void {
    this.events.push({ ...event })
    this.#wake()
  }

  async until(name: string): Promise<void> {
    while (!this.events.some((event) => event.name === name))
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }
}

/** Reloads twice. In each generation the client subscribes by itself, and hears all that is published from then on. */
export async function checkReloads(
  t: Test,
  server: TestServer,
  subscription: Subscription,
  publish = (names: readonly string[]) => publishAll(server, names)
): Promise<void> {
  for (const generation of [1, 2, 3]) {
    if (generation > 1) await server.reload()
    await server.event({
      what: `subscription at generation ${generation}`,
      test: (line) => line.fixture === 'subscribed' && line.generation === generation
    })
    const names = [1, 2, 3].map((number) => `${generation}.${number}`)
    await publish(names)
    await server.waitFor(subscription.until(names[2] as string), 'the last event')
    t.strictSame(
      subscription.events.splice(0),
      names.map((name) => ({ name, generation }))
    )
  }
  t.strictSame(subscription.ends, [])
  t.strictSame(server.events('forced'), [])
}

async function publishAll(server: TestServer, names: readonly string[]): Promise<void> {
  const connection = await HttpConnection.open(server.target())
  for (const name of names) await connection.request({ method: 'POST', path: `/publish/${name}` })
  connection.close()
}
