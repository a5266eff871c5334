// A chat with rooms. Start `bus.mjs` first. A client connects to /chat/<room>?name=<name>&after=<seq>, where `seq` is
// the last number that it has seen. It sends { number, text } and gets { seq, by, number, text }, { seq, joined } and
// { seq, left }.
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const { PORT = '3000', BUS = 'chat.sock' } = process.env
const app = Fastify({ logger: true })

/** What was said in each room, in the order and with the numbers of the bus. */
const rooms = new Map()
/** The members that are connected to this process: `{ name, room, seen }`, by WebSocket. */
const members = new Map()

const bus = connect(BUS)
const ready = new Promise((resolve, reject) => {
  bus.on('error', reject)
  createInterface({ input: bus }).on('line', (line) => {
    const word = JSON.parse(line)
    if (word.ready) return resolve(undefined)
    entriesOf(word.room).push(word)
    for (const [socket, member] of members) if (member.room === word.room) pass(word, socket, member)
  })
})

const tell = (word) => bus.write(`${JSON.stringify(word)}\n`)
const fail = () => {
  throw new Error('the bus is gone')
}

app.register(graceful)
app.register(websocket)
app.addHook('onClose', async () => {
  bus.removeListener('close', fail)
  bus.end()
})

app.register(async () => {
  // What a member has seen until the move. The next generation goes on from there.
  const move = (socket) => members.get(socket)

  app.get('/chat/:room', { websocket: true, config: { graceful: { move } } }, (socket, request) => {
    const arrival = app.graceful.arrival(request)
    const member = arrival?.state ?? newcomer(request)
    const { name, room } = member
    app.log.info(`${name} ${arrival ? 'is still here' : 'is here'}`)
    members.set(socket, member)
    // The bus does not announce a member that it already knows.
    tell({ enter: true, name, room })
    for (const entry of entriesOf(room)) pass(entry, socket, member)

    socket.on('message', (data) => {
      const message = parse(data)
      if (message === undefined) return socket.close(1007, 'expected { number, text } as JSON')
      tell({ say: message.text, number: message.number, name, room })
    })
    socket.on('close', (code) => {
      members.delete(socket)
      // Either the client has said goodbye, or it comes back. After a move it is connected to the next generation.
      const isForGood = !app.graceful.hasMoved(socket) && (code === 1000 || code === 1001)
      tell({ leave: isForGood ? 'for good' : 'for a moment', name, room })
    })
  })
})

function newcomer({ params, query }) {
  const latest = entriesOf(params.room).at(-1)?.seq ?? 0
  return { name: query.name, room: params.room, seen: Number(query.after ?? latest) }
}

/** A client can send anything. An error that the listener of `message` throws would stop the server. */
function parse(data) {
  try {
    const { number, text } = JSON.parse(String(data))
    return typeof text === 'string' ? { number, text } : undefined
  } catch {
    return undefined
  }
}

/** One process can be ahead of another one. So an entry that the member has seen is not sent again. */
function pass(entry, socket, member) {
  if (entry.seq <= member.seen) return
  member.seen = entry.seq
  socket.send(JSON.stringify(entry))
}

function entriesOf(room) {
  if (!rooms.has(room)) rooms.set(room, [])
  return rooms.get(room)
}

await ready
// Without the bus, a room would go on in silence and lose what is said.
bus.on('close', fail)
await app.listen({ port: Number(PORT) })
