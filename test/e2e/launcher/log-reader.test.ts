import t from 'tap'
import { FullPipe } from '../../support/full-pipe.js'
import type { TestServer } from '../../support/server.js'
import { LAUNCHER, startServer } from '../../support/start.js'
import { untilTrue } from '../../support/tree.js'

const skip = process.platform === 'linux' ? false : 'another process can make the pipe a blocking one here'

t.test('a launcher whose log nobody reads does all that it does, and tells it later', { skip }, async (t) => {
  const pipe = await FullPipe.make(t)
  const server = await startServer(t, {
    launcher: [],
    prepare: async (release) => {
      const command = `exec "$0" "$1" "$2" 2>'${pipe.path}'`
      return { command: ['/bin/sh', '-c', command, process.execPath, LAUNCHER, release.path('server.cjs')] }
    }
  })
  // A server that ends may make the pipe a blocking one for all who write to it.
  await server.reload()
  await crash(server)
  server.signal('SIGTTIN', server.launcher)
  await untilTrue(server, 'two servers', () => server.events('serving').length === 4)
  await crash(server)
  await pipe.until(/was killed by SIGKILL.*: starting another one/)
  t.equal(await server.stop(), 0)
})

/** Kills a server, and waits until another one serves in its place. */
async function crash(server: TestServer): Promise<void> {
  const count = server.events('serving').length
  server.signal('SIGKILL', server.events('serving').at(-1)?.pid)
  await untilTrue(server, 'next server', () => server.events('serving').length > count)
}
