import type { Test } from 'tap'
import { HttpConnection } from './connection.js'
import { countFds, HAS_PROC } from './fds.js'
import { within } from './limit.js'
import { OpenClients } from './open-clients.js'
import type { TestServer } from './server.js'
import { untilTrue } from './tree.js'

/** What an admin route answers when its reload has failed: an error as Fastify sends it. */
export interface Refusal {
  statusCode: number
  code: string
  message: string
}

/** Makes a reload fail and checks that nothing has changed. Returns what the one who had asked for it was told. */
export async function failReload(t: Test, server: TestServer, spoil: () => Promise<unknown>): Promise<Refusal> {
  const parent = server.current
  const admin = await HttpConnection.open(server.target())
  await admin.request({ path: '/' })
  // One that has said its last word exists for a moment longer.
  if (HAS_PROC) await untilTrue(server, 'end of earlier generations', () => server.servers().length === 1)
  const clients = await OpenClients.open(server)
  const fds = countFds(parent)
  const failures = server.events('reload-failed').length

  await spoil()
  const answer = await admin.request({ method: 'POST', path: '/admin/reload' })
  const refusal = JSON.parse(answer.body) as Refusal
  t.ok(answer.status >= 400, answer.body)
  t.equal(answer.status, refusal.statusCode)
  if (HAS_PROC) t.strictSame(server.servers(), [parent], 'the child is gone')
  t.match(JSON.parse((await admin.request({ path: '/phase' })).body), { pid: parent, phase: 'serving' })
  await untilFds(admin, parent, fds)
  await clients.finish(t, parent)
  admin.close()
  await server.heard(parent)
  t.match(server.events('reload-failed').slice(failures), [{ reason: 'admin route', err: { code: refusal.code } }])
  t.match(server.events((line) => line.name === 'reloadFailed').at(-1), { error: refusal.code, pid: parent })
  await checkFresh(t, server, parent)
  return refusal
}

/** Reloads. Checks that a new release serves afterwards and that the old process has ended. */
export async function succeedReload(t: Test, server: TestServer, release = 'good'): Promise<void> {
  const parent = server.current
  await server.release.configure({ release })
  const admin = await HttpConnection.open(server.target())
  const answer = await admin.request({ method: 'POST', path: '/admin/reload' })
  t.equal(answer.status, 200, answer.body)
  admin.close()
  t.equal(await server.exitOf(parent), 0)
  const child = server.current
  t.not(child, parent)
  await checkFresh(t, server, child, release)
}

/** A new connection is served by this process. */
export async function checkFresh(t: Test, server: TestServer, pid: number, release?: string): Promise<void> {
  const connection = await HttpConnection.open(server.target())
  const who = JSON.parse((await connection.request({ path: '/' })).body)
  t.match(who, release === undefined ? { pid } : { pid, release }, 'a new connection is served')
  connection.close()
}

/** What belonged to a child is closed in the next turns of the event loop of its parent; each request is one. */
async function untilFds(connection: HttpConnection, pid: number, fds: number): Promise<void> {
  const over = new AbortController()
  const turns = async () => {
    while (!over.signal.aborted && countFds(pid) > fds) await connection.request({ path: '/' })
  }
  try {
    await within(turns(), `${fds} open file descriptors in place of ${countFds(pid)}`)
  } finally {
    over.abort()
  }
}
