import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundle } from '../../support/bundle.js'
import { statusAt } from '../../support/control-requests.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.test('an app that was bundled into one file replaces the sockets that a crash has left', async (t) => {
  const folder = await tempFolder(t)
  const [control, path] = [join(folder, 'control.sock'), join(folder, 'app.sock')]
  const start = () =>
    startServer(t, {
      config: { apps: [{ path }], options: { control } },
      prepare: async (release) => {
        await release.write('plugin.cjs', bundle(join(PACKAGE_ROOT, 'dist/lib/index.js')))
        const app = await release.read('server.cjs')
        await release.write('server.cjs', app.replace("'fastify-graceful-reload'", "'./plugin.cjs'"))
        return undefined
      }
    })
  const crashed = await start()
  crashed.signal('SIGKILL')
  await crashed.gone
  t.ok(existsSync(control) && existsSync(path))
  const server = await start()
  t.match(await statusAt(control), { pid: server.pid })
  t.equal(await server.stop(), 0)
})
