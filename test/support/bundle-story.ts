import { existsSync } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { statusAt } from './control-requests.js'
import type { Release } from './release.js'
import type { TestServer } from './server.js'
import { type Preparation, startServer } from './start.js'
import { tempFolder } from './temp-folder.js'

interface StorySettings {
  /** How the file is started. Default: as the script of Node. */
  start?: (file: string) => Preparation
  /** Checks each generation. */
  check?: (server: TestServer, pid: number) => void
}

/**
 * An app of one file, with no packages beside it, replaces what a crash has left, reloads twice, survives a release
 * that cannot boot, and stops.
 *
 * @param make - makes the file of a release
 */
export async function reloadsAsOneFile(
  t: Test,
  make: (release: Release) => Promise<string>,
  { start = (script) => ({ script }), check = () => {} }: StorySettings = {}
): Promise<void> {
  const folder = await tempFolder(t)
  const [control, path] = [join(folder, 'control.sock'), join(folder, 'app.sock')]
  let made: string | undefined
  const startOne = () =>
    startServer(t, {
      config: { apps: [{ path }], options: { control, probation: 100 } },
      prepare: async (release) => {
        const file = made === undefined ? await make(release) : release.path(basename(made))
        if (made !== undefined) await copyFile(made, file)
        made ??= file
        await rm(release.path('node_modules'), { recursive: true })
        return start(file)
      }
    })
  const crashed = await startOne()
  crashed.signal('SIGKILL')
  await crashed.gone
  t.ok(existsSync(control) && existsSync(path))

  const server = await startOne()
  t.match(await statusAt(control), { pid: server.pid, generation: 1 })
  check(server, server.pid)
  for (const generation of [2, 3]) {
    await server.release.configure({ release: `R${generation}` })
    const child = await server.reload()
    t.match(await server.eventOf(child, 'started'), { release: `R${generation}`, generation })
    t.match(await statusAt(control), { pid: child, generation })
    check(server, child)
  }

  await server.release.configure({ boot: 'throw' })
  server.signal('SIGHUP')
  const { err } = await server.event('reload-failed')
  t.match(err, { code: 'GRACEFUL_ERR_CHILD_EXITED', message: /this release cannot boot/ })
  t.strictSame(server.events('warning'), [])
  t.equal(await server.stop(), 0)
}
