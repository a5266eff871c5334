import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from './free-port.js'
import { PACKAGE_ROOT } from './release.js'
import { example } from './service-unit.js'
import { type Answer, askShipped, installShipped } from './shipped.js'
import { UserManager } from './user-manager.js'

/** Which files of example/systemd make the service. */
export interface ShippedUnitSettings {
  service: 'server.service' | 'launcher.service'
  /** The app, as a file of example/. */
  app: string
  /** Whether server.socket stands beside it. */
  socket: boolean
}

/**
 * A service of example/systemd under a user manager. The files are used as they are, except what they tell the user to
 * replace. As with `systemctl edit`, the test adds the port of the app, and a file for its output.
 */
export class ShippedUnit {
  readonly manager: UserManager
  readonly app: string
  readonly port: number
  readonly #log: string

  private constructor(manager: UserManager, app: string, port: number, log: string) {
    this.manager = manager
    this.app = app
    this.port = port
    this.#log = log
  }

  /** Makes the units, and starts nothing. */
  static async install(t: Test, { service, app, socket }: ShippedUnitSettings): Promise<ShippedUnit> {
    const manager = await UserManager.start(t)
    const folder = await installShipped(join(manager.folder, 'app'), 'systemd')
    await cp(join(PACKAGE_ROOT, 'example', app), join(folder, 'server.mjs'))
    const unit = new ShippedUnit(manager, join(folder, 'server.mjs'), await freePort(), join(manager.folder, 'log'))
    const replaced = (text: string) =>
      text
        .replaceAll('/srv/app', folder)
        .replaceAll('/usr/bin/node', process.execPath)
        .replaceAll('127.0.0.1:3000', `127.0.0.1:${unit.port}`)
    const added = [
      `Environment=PORT=${unit.port}`,
      `StandardOutput=append:${unit.#log}`,
      `StandardError=append:${unit.#log}`
    ]
    await manager.write({
      'server.service': replaced(await example(service)),
      'server.service.d/override.conf': ['[Service]', ...added].join('\n'),
      ...(socket && { 'server.socket': replaced(await example('server.socket')) })
    })
    return unit
  }

  /**
   * Runs `systemctl <verb>` of the service, or of another unit.
   *
   * @throws {Error} with what the server said, when it fails
   */
  async succeed(verb: string, name = 'server.service'): Promise<void> {
    const { code, stderr } = await this.manager.systemctl(verb, name)
    if (code !== 0) throw new Error(`systemctl ${verb} ended with ${code}: ${stderr}\n${await this.log()}`)
  }

  /** A property of the service. */
  async show(property: string): Promise<string | undefined> {
    return (await this.manager.show('server.service', property))[property]
  }

  ask(): Promise<Answer> {
    return askShipped(this.port)
  }

  /** All that the servers have printed. */
  log(): Promise<string> {
    return readFile(this.#log, 'utf8')
  }
}
