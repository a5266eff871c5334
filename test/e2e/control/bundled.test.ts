import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleRelease } from '../../support/bundle.js'
import { statusAt } from '../../support/control-requests.js'
import { startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

for (const format of ['cjs', 'esm'] as const) {
  t.test(
    `an app that esbuild has made one file of (${format}) replaces what a crash has left, and reloads`,
    async (t) => {
      const folder = await tempFolder(t)
      const [control, path] = [join(folder, 'control.sock'), join(folder, 'app.sock')]
      const start = () =>
        startServer(t, {
          config: { apps: [{ path }], options: { control, probation: 100 } },
          prepare: async (release) => ({ script: await bundleRelease(release, format) })
        })
      const crashed = await start()
      crashed.signal('SIGKILL')
      await crashed.gone
      t.ok(existsSync(control) && existsSync(path))

      const server = await start()
      t.match(await statusAt(control), { pid: server.pid, generation: 1 })
      await server.release.configure({ release: 'B' })
      const second = await server.reload()
      t.match(await server.eventOf(second, 'started'), { release: 'B', generation: 2 })
      t.match(await statusAt(control), { pid: second, generation: 2 })

      await server.release.configure({ boot: 'throw' })
      server.signal('SIGHUP')
      const { err } = await server.event('reload-failed')
      t.match(err, { code: 'GRACEFUL_ERR_CHILD_EXITED', message: /this release cannot boot/ })
      t.strictSame(server.events('warning'), [])
      t.equal(await server.stop(), 0)
    }
  )
}
