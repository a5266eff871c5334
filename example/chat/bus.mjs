// What the processes of the chat share: it numbers what is said in a room, remembers it, and knows who is there. In its place could be Redis
// streams, NATS or PostgreSQL. Each process is told all that was said, and then all that is said; one JSON object a line.
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

const { BUS = 'chat.sock', LEAVE_AFTER = '5000' } = process.env
const HISTORY = 1000

/** By name: `{ entries, members, latest }`. */
const rooms = new Map()
/** The connections of the processes, each with how often somebody is there. */
const processes = new Map()

createServer((connection) => {
  processes.set(connection, new Map())
  for (const { entries } of rooms.values()) for (const entry of entries) tell(connection, entry)
  tell(connection, { ready: true })
  const lines = createInterface({ input: connection })
  lines.on('line', (line) => {
    const word = parse(line)
    if (word !== undefined) hear(connection, word)
  })
  // An error of the connection is emitted here as well.
  for (const emitter of [connection, lines]) emitter.on('error', () => connection.destroy())
  connection.on('close', () => {
    const there = [...processes.get(connection).keys()]
    processes.delete(connection)
    // A process that was lost has not said goodbye for anybody.
    for (const key of there) missing(...JSON.parse(key), false)
  })
}).listen(BUS, () => console.log(JSON.stringify({ listening: BUS, pid: process.pid })))

/** The last line of a process that was killed may be half a one. */
function parse(line) {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function hear(connection, { room, name, enter, leave, say, number }) {
  const there = processes.get(connection)
  const key = JSON.stringify([room, name])
  const { members } = roomOf(room)
  if (enter) {
    there.set(key, (there.get(key) ?? 0) + 1)
    if (!members.has(name)) add(room, { joined: name })
    else clearTimeout(members.get(name).timer)
    members.set(name, { number: 0, ...members.get(name), timer: undefined })
  } else if (leave) {
    if (there.get(key) > 1) there.set(key, there.get(key) - 1)
    else there.delete(key)
    missing(room, name, leave === 'for good')
  } else if (number > (members.get(name)?.number ?? 0)) {
    // A client that does not know whether it was heard says it again.
    members.get(name).number = number
    add(room, { by: name, number, text: say })
  }
}

/** Somebody is gone from one process: moved to another one, lost, or gone for good. Whoever comes back in time has not left. */
function missing(room, name, isForGood) {
  const key = JSON.stringify([room, name])
  const member = roomOf(room).members.get(name)
  if (member === undefined || [...processes.values()].some((there) => there.has(key))) return
  clearTimeout(member.timer)
  const gone = () => {
    roomOf(room).members.delete(name)
    add(room, { left: name })
  }
  if (isForGood) gone()
  else member.timer = setTimeout(gone, Number(LEAVE_AFTER))
}

function add(room, what) {
  const { entries, latest } = roomOf(room)
  const entry = { room, seq: latest + 1, ...what }
  rooms.get(room).latest = entry.seq
  entries.push(entry)
  if (entries.length > HISTORY) entries.shift()
  for (const connection of processes.keys()) tell(connection, entry)
}

function roomOf(name) {
  if (!rooms.has(name)) rooms.set(name, { entries: [], members: new Map(), latest: 0 })
  return rooms.get(name)
}

function tell(connection, word) {
  connection.write(`${JSON.stringify(word)}\n`)
}
