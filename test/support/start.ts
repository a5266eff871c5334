import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bare, ownEnvironment } from './bare.js'
import { Control } from './control.js'
import { type FixtureConfig, PACKAGE_ROOT, Release } from './release.js'
import { TestServer } from './server.js'

/** A test. At its end nothing of a server may be left. */
export type Owner = Pick<Test, 'teardown'>

/** How a fixture server is started. */
export interface ServerSettings {
  /** What the fixture does. */
  config?: FixtureConfig
  /** Which of the fixture servers. Default: `server.cjs`. */
  script?: string
  /** Environment variables to add. */
  env?: Record<string, string>
  /** The executable. Default: the one that runs the test. */
  execPath?: string
  /** Options of Node itself. */
  execArgv?: string[]
  /** Starts through the launcher, with these options of it. */
  launcher?: string[]
  /** Arguments after the script. */
  args?: string[]
  /** Changes the release, or makes a symlink to it, before the start. */
  prepare?: (release: Release, folder: string) => Promise<Preparation | undefined>
}

/**
 * With and without a launcher, for stories that go the same way in both cases; `where` completes the title of a test.
 */
export const WAYS: Array<{ settings: Pick<ServerSettings, 'launcher'>; where: string }> = [
  { settings: {}, where: '' },
  { settings: { launcher: [] }, where: ', under a launcher' }
]

/** The file behind the command `fastify-graceful-reload`. */
export const LAUNCHER = join(PACKAGE_ROOT, 'dist/package/cli/bin.js')

/** What to use in place of the default folder and path. */
export interface Preparation {
  cwd?: string
  script?: string
  /** The whole command, such as a shell that becomes the server by `exec`, instead of Node with options and script. */
  command?: [file: string, ...args: string[]]
}

/** Starts a fixture server and waits until it serves. At the end of the test nothing of it may be left. */
export async function startServer(t: Owner, settings: ServerSettings = {}): Promise<TestServer> {
  const server = await launchServer(t, settings)
  await server.serving(1)
  await server.event('started')
  return server
}

/** Starts a fixture server and does not wait, not even for it to boot. */
export async function launchServer(t: Owner, settings: ServerSettings = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
  const release = await Release.create(join(folder, 'release'), settings.config)
  const control = await Control.listen(join(folder, 'control.sock'))
  let server: TestServer | undefined
  t.teardown(async () => {
    try {
      await server?.teardown()
    } finally {
      control.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
  const prepared = await settings.prepare?.(release, folder)
  const marker = `FIXTURE_MARKER=${randomUUID()}`
  const script = prepared?.script ?? release.path(settings.script ?? 'server.cjs')
  const start = settings.launcher === undefined ? [] : [LAUNCHER, ...settings.launcher]
  const arguments_ = [...(settings.execArgv ?? []), script, ...(settings.args ?? [])]
  const node = [settings.execPath ?? process.execPath, ...start, ...arguments_]
  const [file = '', ...args] = prepared?.command ?? node
  const fixtureEnv = { FIXTURE_CONTROL: control.path, FIXTURE_MARKER: marker.split('=')[1] }
  const command = bare({ ...ownEnvironment(), ...settings.env, ...fixtureEnv }, file, args)
  const child = spawn(...command, { cwd: prepared?.cwd ?? release.folder, stdio: ['ignore', 'pipe', 'pipe'] })
  server = new TestServer(child, release, control, marker, settings.launcher !== undefined)
  return server
}
