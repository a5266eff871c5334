// The units of example/systemd as they are, with the app beside them and with the app of the README.
import { readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { ShippedUnit } from '../../support/shipped-unit.js'
import { NO_USER_MANAGER } from '../../support/user-manager.js'

const skip = NO_USER_MANAGER

for (const service of ['server.service', 'launcher.service'] as const) {
  for (const app of ['systemd/server.mjs', 'minimal.mjs']) {
    // The first of them asks for the address of the socket unit.
    const socket = app === 'systemd/server.mjs'
    t.test(`${service}${socket ? ' and server.socket' : ''} with ${app}`, { skip }, async (t) => {
      const unit = await ShippedUnit.install(t, { service, app, socket })
      if (socket) await unit.succeed('start', 'server.socket')
      await unit.succeed('start')
      t.match(await unit.show('StatusText'), /^generation 1, serving/)
      t.match(await unit.ask(), { hello: 'world' })

      const good = await readFile(unit.app, 'utf8')
      await writeFile(unit.app, good.replaceAll("'world'", "'release 2'"))
      await unit.succeed('reload')
      t.match(await unit.show('StatusText'), /^generation 2, serving/)
      t.match(await unit.ask(), { hello: 'release 2' })

      await writeFile(unit.app, 'throw new Error("a bad release")')
      t.not((await unit.manager.systemctl('reload', 'server.service')).code, 0)
      t.match(await unit.ask(), { hello: 'release 2' })

      await writeFile(unit.app, good)
      await unit.succeed('restart')
      t.match(await unit.ask(), { hello: 'world' })
      t.equal(await unit.show('NRestarts'), '0')
      if (socket) await unit.succeed('stop', 'server.socket')
      await unit.succeed('stop')
      t.equal(await unit.show('Result'), 'success')
      t.notMatch(await unit.log(), /"graceful":"warning"/)
    })
  }
}
