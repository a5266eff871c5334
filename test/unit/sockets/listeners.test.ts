import { EventEmitter } from 'node:events'
import type { Server } from 'node:net'
import t from 'tap'
import { Listeners, NOT_INHERITED } from '../../../lib/sockets/listeners.js'

/** What the system says to `listen` on a native handle, which a server has like Node's own. */
class Handle {
  isAccepting = false
  readonly #status: number

  constructor(status: number) {
    this.#status = status
  }

  listen(): number {
    this.isAccepting = this.#status === 0
    return this.#status
  }
}

/** Listeners of this process, on handles that answer `listen` with these numbers. */
function listenersOn(
  statuses: number[],
  inherited = NOT_INHERITED as { index: number | undefined; activated: boolean }
) {
  const listeners = new Listeners({ opened: () => {}, closed: () => {} }, false, false)
  const handles = statuses.map((status) => new Handle(status))
  for (const [index, _handle] of handles.entries()) {
    const server = Object.assign(new EventEmitter(), { _handle, listening: true }) as unknown as Server
    const address = { family: 'IPv4', address: '127.0.0.1', port: 1 } as const
    listeners.add({
      ...{ server, key: `tcp ${index}`, address, backlog: 511, owner: undefined, path: undefined },
      ...inherited,
      index: inherited.index === undefined ? undefined : index
    })
  }
  return { listeners, accepting: () => handles.map(({ isAccepting }) => isAccepting) }
}

t.test('if the system refuses one listener, a process that serves again accepts on the others', async (t) => {
  const { listeners, accepting } = listenersOn([0, -22, 0])
  listeners.disown()
  t.throws(() => listeners.wake(), /listen failed with status -22/)
  t.strictSame(accepting(), [true, false, true])
})

t.test('a child accepts on all that it has inherited, or its queues are those of its parent', async (t) => {
  const inherited = { index: 0, activated: false }
  const well = listenersOn([0, 0], inherited)
  well.listeners.accept()
  t.ok(well.listeners.isAccepting)
  t.strictSame(well.accepting(), [true, true])
  const ill = listenersOn([0, -22], inherited)
  t.throws(() => ill.listeners.accept(), /listen failed with status -22/)
  t.strictSame(ill.listeners.accepting, [])
})
