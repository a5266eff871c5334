import t from 'tap'
import { checkAt, handedOver, rolledBack } from '../../support/coming-back.js'
import { CountingClient } from '../../support/counting-clients.js'
import { Load } from '../../support/load.js'
import { openIdle, untilAt } from '../../support/moving.js'
import type { TestServer } from '../../support/server.js'
import { startServer, WAYS } from '../../support/start.js'

/** Clients without a request in progress do not notice that a release is not well, even if they had moved to it. */

const VERDICTS: Record<string, [health: object, fail: (server: TestServer, child: number) => Promise<void>]> = {
  'answers with errors only': [{ errorShare: 0.4 }, (server) => server.release.write('fails', '')],
  hangs: [{ hangTimeout: 1000 }, (server, child) => server.tell({ command: 'block', until: 'the end' }, child)]
}

for (const [how, [health, fail]] of Object.entries(VERDICTS))
  for (const { settings: way, where } of WAYS) {
    t.test(`idle connections survive a release that ${how}${where}`, async (t) => {
      const config = { options: { probation: 300, health }, staysOnProbation: true }
      const server = await startServer(t, { script: 'migration.cjs', config, ...way })
      const parent = server.current
      const idle = await openIdle(server.target(), 100)
      const client = new CountingClient(server.target(), '/work', false, new Map())
      const load = 'errorShare' in health ? new Load([client], { pause: 10 }) : undefined
      await load?.answered(20)
      server.signal('SIGHUP', server.isLaunched ? server.launcher : parent)
      const child = await handedOver(server)
      for (const connection of idle) await untilAt(server, child, connection)
      await fail(server, child)
      await rolledBack(server)
      await load?.stop()
      if (how !== 'hangs') t.equal(await server.exitOf(child), 0)
      await checkAt(t, idle, parent)
      for (const connection of idle) connection.close()
      t.equal(await server.stop(), 0)
    })
  }
