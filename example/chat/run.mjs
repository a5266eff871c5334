// Starts the bus and the server. Ada and Ben talk, and meanwhile the server is reloaded. Prints what Ada receives. The
// exit code is 0 if both have received each message once and in order, and no connection was closed.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Member } from './member.mjs'
import { Program } from './program.mjs'

/** How long all of this may take. Milliseconds. */
const LIMIT = 120_000
/** Between two messages of a member. Milliseconds. */
const PAUSE = 500

setTimeout(() => end(`this is not over after ${LIMIT / 1000} s`), LIMIT).unref()
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) process.on(signal, () => process.exit(code))

const folder = await mkdtemp(join(tmpdir(), 'graceful-chat-'))
const env = { ...process.env, BUS: join(folder, 'chat.sock'), PORT: '0' }
const bus = new Program('bus.mjs', env)
await bus.line(({ listening }) => listening !== undefined)
const server = new Program('server.mjs', env)
const { msg, pid } = await server.line(({ msg }) => /^Server listening at http:/.test(msg))
const members = ['Ada', 'Ben'].map((name) => new Member(urlOf(msg), name, name === 'Ada' ? print : undefined))

await Promise.all(members.map(({ ready }) => ready))
await talk(2)
console.log(`      generation 1 is process ${pid}: kill -HUP ${pid}`)
process.kill(pid, 'SIGHUP')
const moved = server.line((line) => line.graceful === 'closed' && line.pid === pid)
await talk(1, moved)
const second = await server.line(({ graceful, generation }) => graceful === 'serving' && generation === 2)
console.log(`      generation 2 is process ${second.pid}, and process ${pid} has ended`)
await talk(2)
while (!members.every((member) => members.every((other) => member.hasAllOf(other)))) await delay(PAUSE)

const isGood = members.every(({ isInOrder, isClosed }) => isInOrder && !isClosed)
for (const member of members) member.leave()
process.kill(second.pid, 'SIGTERM')
await server.line((line) => line.graceful === 'closed' && line.pid === second.pid)
await rm(folder, { recursive: true })
if (!isGood) end('a message was lost or came twice, or a connection was closed')
const count = members.reduce((sum, { said }) => sum + said, 0)
end(`${count} messages, each received once and in order by both; no connection was closed`, 0)

/** All members say something, so many times, and then until something has happened. */
async function talk(times, event = Promise.resolve()) {
  let isOver = false
  event.then(() => {
    isOver = true
  })
  for (let time = 0; time < times || !isOver; time++) {
    for (const member of members) member.say()
    await delay(PAUSE)
  }
}

function urlOf(line) {
  return `ws://localhost:${new URL(line.split(' ').at(-1)).port}/chat/tea`
}

function print({ seq, by, text, joined, left }) {
  const what = by === undefined ? `${joined ?? left} ${joined === undefined ? 'leaves' : 'joins'}` : `${by}: ${text}`
  console.log(`${String(seq).padStart(4)}  ${what}`)
}

function end(message, code = 1) {
  console.log(message)
  process.exit(code)
}
