import t from 'tap'
import { HttpConnection } from '../../support/connection.js'
import { Framework } from '../../support/frameworks.js'
import { buildPages } from '../../support/next-pages.js'
import { startServer, WAYS } from '../../support/start.js'

t.setTimeout(300_000)

const next = new Framework('next', 'next@16', 'react@19', 'react-dom@19')

for (const { settings, where } of WAYS) {
  t.test(
    `a custom server of Next.js reloads, and renders with the new generation${where}`,
    { skip: next.missing },
    async (t) => {
      const dir = await buildPages(next)
      const server = await startServer(t, {
        ...settings,
        script: 'next.cjs',
        config: { extra: { dir } },
        prepare: (release) => next.provide(release, 'next')
      })
      const connection = await HttpConnection.open(server.target())
      for (const generation of [1, 2, 3]) {
        if (generation > 1) await server.reload()
        const { status, body } = await connection.request({ path: '/page' })
        t.match({ status, body }, { status: 200, body: new RegExp(`rendered by generation ${generation}`) })
      }
      t.notOk(connection.announced)
      connection.close()
      t.strictSame(server.events('warning'), [])
      t.equal(await server.stop(), 0)
    }
  )
}
