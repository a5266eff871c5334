import t from 'tap'
import { HeldListeners } from '../../../lib/launcher/held-listeners.js'
import type { Server } from '../../../lib/launcher/server.js'
import { Servers } from '../../../lib/launcher/servers.js'
import { AppDescriptors } from '../../../lib/process/descriptors.js'

const COMMAND = { file: process.execPath, args: ['--eval', '0'], cwd: process.cwd(), env: process.env }

const AGAIN = { ...COMMAND, isNode: true, script: undefined }

function newServers(serves = (_: Server) => {}): Servers {
  const ignore = () => {}
  const events = {
    input: ignore,
    serves,
    closed: ignore,
    asked: ignore,
    moved: ignore,
    counted: ignore,
    loads: ignore,
    foreign: ignore
  }
  const own = { descriptors: AppDescriptors.ofStart([]) }
  return new Servers(COMMAND, new HeldListeners([]), { own, isWatched: false }, events)
}

/** Starts a server; returns it. */
async function start(servers: Servers, id: number, like?: number, previous?: number, isNew = false) {
  await servers.start({ do: 'start', server: id, like, previous, isNew })
  return servers.find(id) as Server
}

t.test('which generation a server is of, and what was before it', async (t) => {
  const servers = newServers()
  const first = await start(servers, 0)
  t.match(first, { generation: 1, settings: { previous: undefined } })
  const { pid } = first
  const restarted = await start(servers, 1, 0, 0, true)
  t.match(restarted, { generation: 2, settings: { previous: { generation: 1, pid } } })
  t.strictSame(restarted.lasting, { generation: 1, pid }, 'it has not served')

  const other = await start(servers, 2, 0, undefined, true)
  t.match(other, { generation: 2, settings: { previous: { generation: 1, pid: 0 } } }, 'not of that worker')

  first.relay.request({ type: 'start child', child: 1, command: AGAIN, generation: 2, listeners: [] })
  await servers.startChild({ do: 'start child', server: 3, parent: 0, child: 1 })
  const child = servers.find(3) as Server
  t.match(child, { generation: 2, lasting: { generation: 1, pid } }, 'a child that may have to go on alone')
  t.match(await start(servers, 4, 3, 3), { generation: 1 }, 'a restart is no reload')
})

t.test('each server that begins to serve is reported, whichever worker it belongs to', async (t) => {
  const serving: Server[] = []
  const servers = newServers((server) => serving.push(server))
  const [first, other] = [await start(servers, 0), await start(servers, 1, 0)]
  for (const server of [first, other]) server.said({ type: 'serves', ownSignals: false })
  other.said({ type: 'pong' })
  t.strictSame(serving.length, 2)
  t.equal(serving[0], first)
  t.equal(serving[1], other)
})
