import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Test } from 'tap'
import { ownEnvironment } from './bare.js'
import type { Target } from './connection.js'
import { type Command, Control } from './control.js'
import { type Line, type Match, Output } from './output.js'
import { type FixtureConfig, PACKAGE_ROOT, Release } from './release.js'
import { type Outcome, UserManager } from './user-manager.js'

/** What a unit of a test has beyond the example. */
export interface UnitSettings {
  config?: FixtureConfig
  /** Which of the examples. Default: `server.service`. */
  example?: 'server.service' | 'launcher.service'
  /** Further lines of `[Service]`; they replace what the example says. */
  service?: string[]
  /** What the socket unit listens on; none: there is no socket unit. */
  socket?: string[]
  /** Further environment variables. */
  env?: Record<string, string>
}

/** The fixture server as the service of example/systemd, under a user manager. */
export class ServiceUnit {
  readonly manager: UserManager
  readonly release: Release
  readonly output: Output
  readonly #control: Control

  private constructor(manager: UserManager, release: Release, output: Output, control: Control) {
    this.manager = manager
    this.release = release
    this.output = output
    this.#control = control
  }

  /** Makes the units, and starts nothing. */
  static async install(
    t: Test,
    { config = {}, example: name = 'server.service', service = [], socket, env = {} }: UnitSettings = {}
  ): Promise<ServiceUnit> {
    const manager = await UserManager.start(t)
    const control = name === 'server.service' ? { control: join(manager.folder, 'server/control') } : {}
    const options = { probation: 200, ...config.options, ...control }
    const release = await Release.create(join(manager.folder, 'release'), { ...config, options })
    const commands = await Control.listen(join(manager.folder, 'control.sock'))
    const [output, pipe] = openOutput(t, join(manager.folder, 'output'))
    t.teardown(() => commands.close())
    const command = `${process.execPath} ${join(PACKAGE_ROOT, 'dist/package/cli/bin.js')}`
    const unit = (await example(name))
      .replaceAll('/srv/app/node_modules/.bin/fastify-graceful-reload', command)
      .replaceAll('/usr/bin/node', process.execPath)
      .replace('/srv/app/server.mjs', release.path('server.cjs'))
      .replace('--workers auto', '--workers 2')
    const { PATH, NODE_V8_COVERAGE } = ownEnvironment()
    const variables = {
      ...env,
      ...(NODE_V8_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE }),
      FIXTURE_CONTROL: commands.path,
      FIXTURE_MARKER: randomUUID(),
      PATH
    }
    await manager.write({
      'server.service': unit,
      'server.service.d/test.conf': [
        '[Service]',
        ...Object.entries(variables).map(([name, value]) => `Environment="${name}=${value}"`),
        ...[`StandardOutput=append:${pipe}`, `StandardError=append:${pipe}`],
        ...['WatchdogSec=0', 'Restart=no', ...service]
      ].join('\n'),
      ...(socket === undefined ? {} : { 'server.socket': await socketUnit(socket) })
    })
    return new ServiceUnit(manager, release, output, commands)
  }

  /** Makes the units and starts the service: returns when systemd and the app itself say that it has started. */
  static async start(t: Test, settings?: UnitSettings): Promise<ServiceUnit> {
    const unit = await ServiceUnit.install(t, settings)
    await unit.succeed('start')
    await unit.event('started')
    return unit
  }

  /** Runs `systemctl <verb> server.service`. */
  systemctl(verb: string): Promise<Outcome> {
    return this.manager.systemctl(verb, 'server.service')
  }

  /**
   * The same, of a command that must succeed.
   *
   * @throws {Error} with what it and the server said
   */
  async succeed(verb: string): Promise<void> {
    const { code, stderr } = await this.systemctl(verb)
    if (code !== 0) throw new Error(`systemctl ${verb} ended with ${code}: ${stderr}\n${this.output}`)
  }

  /** Properties of the service. */
  show(...properties: string[]): Promise<Record<string, string>> {
    return this.manager.show('server.service', ...properties)
  }

  /** Waits until systemd knows this of the service. */
  until(property: string, value: string): Promise<void> {
    return this.manager.until('server.service', property, value)
  }

  /** What systemd takes for the main process. */
  async mainPid(): Promise<number> {
    return Number((await this.show('MainPID')).MainPID)
  }

  /** The first line that matches, past or future, of any generation. */
  event(match: Match): Promise<Line> {
    return this.output.event(match)
  }

  /** Waits until a generation serves; returns its pid. */
  async serving(generation: number): Promise<number> {
    return (await this.event((line) => line.graceful === 'serving' && line.generation === generation)).pid
  }

  /** Tells a process of the fixture what to do. */
  tell(command: Command, pid: number): Promise<void> {
    return this.#control.tell(pid, command)
  }

  /** Where clients find the app. */
  target(index = 0): Target {
    const lines = this.output.all((line) => line.fixture === 'listening' && line.kind === 'app' && line.index === index)
    const address = lines.at(-1)?.address as string | { address: string; port: number }
    return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port }
  }
}

/** A unit of example/systemd. */
export function example(name: string): Promise<string> {
  return readFile(join(PACKAGE_ROOT, 'example/systemd', name), 'utf8')
}

async function socketUnit(lines: string[]): Promise<string> {
  return (await example('server.socket')).replace(/^ListenStream=.*$/m, lines.join('\n'))
}

/** A named pipe, which the generations of the service may open and close. */
export function openOutput(t: Test, path: string): [Output, string] {
  execFileSync('mkfifo', [path])
  // Open for writing too: so there is no end of it when the last process has gone.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const pipe = new Socket({ fd, readable: true, writable: false })
  t.teardown(() => pipe.destroy())
  return [new Output(pipe, Readable.from([])), path]
}
