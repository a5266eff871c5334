import t from 'tap'
import { succeedReload } from '../../support/admin.js'
import { HttpConnection } from '../../support/connection.js'
import { checkStays } from '../../support/outcome.js'
import { startServer, WAYS } from '../../support/start.js'

t.jobs = 2

const REASONS = [
  'an object without a prototype',
  'an object whose text throws',
  'an array of such',
  'a symbol',
  'an empty object'
]

for (const { settings, where } of WAYS) {
  t.test(`a reload is refused when its reason cannot be written, and the next one works${where}`, async (t) => {
    const server = await startServer(t, { ...settings, script: 'faults.cjs' })
    const connection = await HttpConnection.open(server.target())
    for (const reason of REASONS) {
      const path = `/reload/${encodeURIComponent(reason)}`
      const { body } = await connection.request({ method: 'POST', path })
      const refusal = { isTypeError: true, code: /^GRACEFUL_ERR_/, message: /\breason\b/ }
      if (!t.match(JSON.parse(body), refusal, reason)) return connection.close()
      await checkStays(t, server, server.pid)
    }
    connection.close()
    t.strictSame(server.events('reload-started'), [], 'no child was started')
    await succeedReload(t, server)
    t.equal(await server.stop(), 0)
  })
}
