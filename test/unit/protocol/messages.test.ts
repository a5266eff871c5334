import t from 'tap'
import { PROTOCOL_VERSION, seal, type ToChild, unseal } from '../../../lib/protocol/messages.js'

t.test('what is sealed can be unsealed, also after its way through the channel', async (t) => {
  const message: ToChild = { type: 'reload', id: 3, reason: 'SIGHUP' }
  t.match(unseal<ToChild>(seal(message)), message)
  t.match(unseal<ToChild>(structuredClone(seal(message))), message)
  t.match(unseal<ToChild>(JSON.parse(JSON.stringify(seal(message)))), message)
})

t.test("what the app says on the same channel is none of ours, nor is another version's", async (t) => {
  const sealed = seal<ToChild>({ type: 'settled' })
  const strangers = [
    undefined,
    null,
    0,
    '',
    'settled',
    [],
    {},
    { type: 'settled' },
    { ...sealed, fastifyGracefulReload: PROTOCOL_VERSION + 1 },
    { ...sealed, fastifyGracefulReload: String(PROTOCOL_VERSION) },
    { ...sealed, fastifyGracefulReload: true },
    JSON.stringify(sealed)
  ]
  for (const raw of strangers) t.equal(unseal(raw), undefined, JSON.stringify(raw))
})
