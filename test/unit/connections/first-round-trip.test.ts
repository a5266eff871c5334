import { EventEmitter } from 'node:events'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { Http2Drain } from '../../../lib/connections/drain-http2.js'
import type { Connections } from '../../../lib/connections/tracker.js'

// How long a drain waits for the answer to a PING, on a clock that only the test moves.

/** A session whose client answers a PING when the test says so. */
class Session extends EventEmitter {
  readonly destroyed = false
  /** As Node says it: the number of the last stream, or 0. */
  state = { lastProcStreamID: 0 }
  /** How often it has been told to end. */
  closes = 0
  answer: (() => void) | undefined

  ping(answered: () => void): void {
    this.answer = answered
  }

  close(): void {
    this.closes += 1
  }
}

/** Connections of a server that only have what a drain asks of them. */
class Server extends EventEmitter {
  readonly sessions = new Map<Session, EventEmitter>()

  /** A client connects. */
  begin(): Session {
    const session = new Session()
    this.sessions.set(session, new EventEmitter())
    this.emit('session', session)
    return session
  }
}

function start(t: Test): { server: Server; drain: () => void } {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const server = new Server()
  let drain: Http2Drain | undefined
  t.teardown(() => {
    drain?.dispose()
    mock.timers.reset()
  })
  const connections = { server, sessions: server.sessions } as unknown as Connections
  return {
    server,
    drain: () => {
      drain = new Http2Drain(connections)
    }
  }
}

/** Lets time pass, and then the event loop turn, as it does before a limit counts. */
async function pass(milliseconds: number): Promise<void> {
  mock.timers.tick(milliseconds)
  for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate)
}

t.test('a session that begins in a drain is heard for 5 seconds, until its client answers', async (t) => {
  const { server, drain } = start(t)
  drain()
  const session = server.begin()
  await pass(4999)
  t.equal(session.closes, 0, 'its first requests may be on their way')
  session.answer?.()
  await pass(0)
  t.equal(session.closes, 1)
})

for (const when of ['in a drain', 'just before'])
  t.test(`a session that begins ${when}, of a client that never answers, ends after 5 seconds`, async (t) => {
    const { server, drain } = start(t)
    if (when === 'in a drain') drain()
    const session = server.begin()
    if (when === 'just before') drain()
    await pass(4999)
    t.equal(session.closes, 0)
    await pass(1)
    t.equal(session.closes, 1)
  })

t.test('a session that has asked for something before has a second', async (t) => {
  const { server, drain } = start(t)
  const session = server.begin()
  session.state.lastProcStreamID = 1
  drain()
  await pass(999)
  t.equal(session.closes, 0)
  await pass(1)
  t.equal(session.closes, 1)
})
