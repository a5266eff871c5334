import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { ChatMember } from '../../support/chat-member.js'
import { Example } from '../../support/example.js'
import { within } from '../../support/limit.js'
import { Output } from '../../support/output.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { tempFolder } from '../../support/temp-folder.js'

const ROOMS = 20
const SIZE = 10
const PAUSE = 1000
/** Of all of them, on a slow machine. Milliseconds. */
const LIMIT = 240_000

t.test('200 members of 20 rooms over 5 reloads and a rollback: nothing is lost, doubled or out of order', async (t) => {
  const BUS = await startBus(t)
  const example = await Example.start(t, 'example/chat/server.mjs', { env: { BUS } })
  const line = await example.event(({ msg }) => /^Server listening at http/.test(msg ?? ''))
  const port = Number(/:(\d+)$/.exec(line.msg ?? '')?.[1])
  const rooms = Array.from({ length: ROOMS }, (_, room) =>
    Array.from({ length: SIZE }, (_, member) => new ChatMember(port, `room${room}`, `${room}.${member}`, PAUSE))
  )
  const members = rooms.flat()
  t.teardown(() => {
    for (const member of members) member.leave()
  })
  const all = (what: string, wait: (member: ChatMember) => Promise<void>) =>
    within(Promise.all(members.map(wait)), what, () => example.output.toString(), LIMIT)
  await all('first words', (member) => member.saidMore(1))

  for (let reload = 1; reload <= 5; reload++) {
    await example.reload()
    await all(`words after reload ${reload}`, (member) => member.saidMore(1))
  }
  t.strictSame(closingsOf(members), [], 'all have moved, each time')

  const parent = example.pid
  process.kill(parent, 'SIGHUP')
  const { child } = await example.event((line) => line.graceful === 'handed-over' && line.pid === parent)
  let moved = 0
  await example.event((line) => line.pid === child && / is still here$/.test(line.msg ?? '') && ++moved === 3)
  process.kill(Number(child), 'SIGKILL')
  await sayHalf(BUS)
  await example.event('rolled-back')
  await all('words after the rollback', (member) => member.saidMore(2))
  t.ok(closingsOf(members).length < members.length, `${closingsOf(members).length} had moved, and came back`)

  t.strictSame(
    members.flatMap(({ wrong }) => wrong),
    []
  )
  for (const room of rooms) for (const { joined } of room) t.equal(joined.length, SIZE, 'each has come once')
  t.strictSame(
    members.flatMap(({ left }) => left),
    [],
    'and nobody has left'
  )
  t.comment(`${members.reduce((sum, { said }) => sum + said, 0)} messages`)

  const [leaver, stayer] = rooms[0] as [ChatMember, ChatMember]
  leaver.leave()
  await within(
    stayer.until(() => stayer.left.length > 0),
    'word of one who leaves',
    () => example.output.toString()
  )
  t.strictSame(stayer.left, ['0.0'])
  for (const member of members) member.leave()
  t.equal(await example.stop(), 0)
})

t.test('the command of example/chat: two members talk while the server is reloaded', async (t) => {
  const command = bare(ownEnvironment(), process.execPath, [join(PACKAGE_ROOT, 'example/chat/run.mjs')])
  const chat = spawn(...command, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => chat.kill())
  const [text, [code]] = await Promise.all([textOf(chat.stdout), once(chat, 'exit')])
  t.equal(code, 0, text)
  t.match(text, /^ {3}1 {2}Ada joins\n(.*\n)+\d+ messages, each received once and in order by both; no connection was /)
})

function closingsOf(members: readonly ChatMember[]): number[] {
  return members.flatMap(({ closings }) => closings)
}

/** What a process leaves behind that is killed while it writes. */
async function sayHalf(BUS: string): Promise<void> {
  const connection = connect(BUS)
  connection.resume()
  connection.end('{"room":')
  await once(connection, 'close')
}

/** Starts the bus. It reports that a member has left only after a time that no test waits for. Returns its path. */
async function startBus(t: Test): Promise<string> {
  const BUS = join(await tempFolder(t), 'bus.sock')
  const env = { ...ownEnvironment(), BUS, LEAVE_AFTER: '600000' }
  const command = bare(env, process.execPath, [join(PACKAGE_ROOT, 'example/chat/bus.mjs')])
  const bus = spawn(...command, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => bus.kill())
  const output = new Output(bus.stdout, bus.stderr)
  await output.event((line) => line.listening === BUS)
  return BUS
}
