// A chat with rooms. Start `bus.mjs` first. A client connects to /chat/<room>?name=<name>&after=<the last number it has seen>, says
// { number, text } and hears { seq, by, number, text }, { seq, joined } and { seq, left }.
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import graceful from 'fastify-graceful-reload'

const { PORT = '3000', BUS = 'chat.sock' } = process.env
const app = Fastify({ logger: true })

/** What was said in each room, in the order and with the numbers of the bus. */
const rooms = new Map()
/** Who is connected to this process: `{ name, room, seen }`, by the WebSocket. */
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

app.register(graceful)
app.register(websocket)
app.addHook('onClose', async () => bus.end())

app.register(async () => {
  // Where a member is, as of the moment of the move: from there on, the next generation goes on.
  const move = (socket) => members.get(socket)

  app.get('/chat/:room', { websocket: true, config: { graceful: { move } } }, (socket, request) => {
    const arrival = app.graceful.arrival(request)
    const member = arrival?.state ?? newcomer(request)
    const { name, room } = member
    app.log.info(`${name} ${arrival ? 'is still here' : 'is here'}`)
    members.set(socket, member)
    // Not announced, if the bus knows that the member is there.
    tell({ enter: true, name, room })
    for (const entry of entriesOf(room)) pass(entry, socket, member)

    socket.on('message', (data) => {
      const { number, text } = JSON.parse(String(data))
      tell({ say: text, number, name, room })
    })
    socket.on('close', (code) => {
      members.delete(socket)
      // The client has said goodbye, or else it comes back: here or, because it was moved, in the next generation.
      const isForGood = !app.graceful.hasMoved(socket) && (code === 1000 || code === 1001)
      tell({ leave: isForGood ? 'for good' : 'for a moment', name, room })
    })
  })
})

function newcomer({ params, query }) {
  const latest = entriesOf(params.room).at(-1)?.seq ?? 0
  return { name: query.name, room: params.room, seen: Number(query.after ?? latest) }
}

/** The bus of one process can be ahead of that of another one: what the member has seen counts. */
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
await app.listen({ port: Number(PORT) })
