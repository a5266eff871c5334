import { createServer } from 'node:tls'
import t from 'tap'
import { adoptSessionContext, hasOwnTicketKeys, sessionContext } from '../../../lib/internals/tls.js'
import { setTicketKeys, ticketKeysOf } from '../../../lib/sockets/tls-tickets.js'
import { certificate } from '../../support/tls.js'

t.test('a server has a context for its sessions, and can take the context of another server', async (t) => {
  const server = createServer(certificate())
  t.match(sessionContext(server), /^[0-9a-f]{32}$/)
  adoptSessionContext(server, 'other')
  t.equal(sessionContext(server), 'other')
})

t.test('a context that the app has named stays', async (t) => {
  const server = createServer({ ...certificate(), sessionIdContext: 'own' })
  adoptSessionContext(server, 'other')
  t.equal(sessionContext(server), 'own')
})

t.test('a server takes the ticket keys of another one, unless the app has given it some', async (t) => {
  const [first, second] = [createServer(certificate()), createServer(certificate())]
  t.equal(hasOwnTicketKeys(second), false)
  for (const [, keys] of ticketKeysOf(first, 0)) setTicketKeys(second, keys)
  t.ok(second.getTicketKeys().equals(first.getTicketKeys()))

  const own = createServer({ ...certificate(), ticketKeys: Buffer.alloc(48, 1) })
  t.equal(hasOwnTicketKeys(own), true)
  for (const [, keys] of ticketKeysOf(first, 0)) setTicketKeys(own, keys)
  t.ok(own.getTicketKeys().equals(Buffer.alloc(48, 1)))
})
