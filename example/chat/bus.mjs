// What the processes of the chat share. The bus numbers the messages of a room, remembers them, and knows who is there.
// Redis streams, NATS or PostgreSQL could take its place. Each process gets all earlier messages, then each new one, as
// one JSON object a line.
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

const { BUS = 'chat.sock', LEAVE_AFTER = '5000' } = process.env
const HISTORY = 1000

/** The rooms by name: `{ entries, members, latest }`. */
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
    // A process that was lost has not reported that its members leave.
    for (const key of there) missing(...JSON.parse(key), false)
  })
}).listen(BUS, () => console.log(JSON.stringify({ listening: BUS, pid: process.pid })))

/** The last line of a process that was killed may be incomplete. */
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
    // A client that does not know whether its message has arrived sends it again.
    members.get(name).number = number
    add(room, { by: name, number, text: say })
  }
}

/**
 * A member is gone from one process: it has moved to another one, was lost, or has left for good. A member that comes
 * back in time has not left.
 */
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
