import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import WebSocket from 'ws'

/** Between two messages, and before a client connects again. Milliseconds. */
const PAUSE = 200

/** A client with a WebSocket, on which the server counts its messages. When it is lost, the client connects again. */
export async function keepCounting(port, recording, signal) {
  const lane = recording.addLane('WebSocket')
  while (!signal.aborted) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/count`, { perMessageDeflate: false })
    socket.on('error', () => {}) // The socket closes too.
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const end = () => socket.terminate()
    signal.addEventListener('abort', end)
    if (await opened(socket, closed)) {
      lane.opened()
      await count(socket, closed, lane, recording)
      if (!signal.aborted) lane.lost()
    }
    signal.removeEventListener('abort', end)
    await setTimeout(PAUSE, undefined, { signal }).catch(() => {})
  }
}

async function opened(socket, closed) {
  return Promise.race([once(socket, 'open').then(() => true), closed.then(() => false)]).catch(() => false)
}

/** Sends and counts until the connection ends. */
async function count(socket, closed, lane, recording) {
  lane.count = 0
  socket.on('message', async (data) => {
    const { count, generation } = JSON.parse(String(data))
    if (count !== lane.count + 1) recording.wrongCount()
    lane.count = count
    lane.answered(generation)
    await setTimeout(PAUSE)
    if (socket.readyState === WebSocket.OPEN) socket.send('one more')
  })
  socket.send('one more')
  await closed
}
