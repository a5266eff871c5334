import { serialize } from 'node:v8'
import t from 'tap'
import { Envelope } from '../../../lib/process/envelope.js'
import type { ToChild } from '../../../lib/protocol/messages.js'

const envelope = new Envelope('the secret of this channel')

/** What the channel makes of it. */
const carried = (sealed: object): Record<string, unknown> => JSON.parse(JSON.stringify(sealed))

t.test('what is sealed can be opened at the other end', async (t) => {
  const message: ToChild = {
    type: 'take over',
    states: [undefined, new Map([[1n, new Date(0)]])],
    ticketKeys: [[0, { keys: Buffer.from('keys'), context: undefined }]]
  }
  const there = new Envelope('the secret of this channel')
  t.strictSame(there.open('child', carried(envelope.seal('child', message))), message)
  t.strictSame(there.open('server', carried(envelope.seal('server', { type: 'ping' }))), { type: 'ping' })
})

t.test(
  "what the app says is none of ours, nor what another channel's secret, another version or another end has sealed",
  async (t) => {
    const sealed = carried(envelope.seal('child', { type: 'settled' }))
    const strangers = [
      ...[undefined, null, 0, '', 'settled', [], {}, { type: 'settled' }, JSON.stringify(sealed)],
      { fastifyGracefulReload: 2, type: 'settled' },
      { ...sealed, fastifyGracefulReload: undefined },
      { ...sealed, fastifyGracefulReload: '' },
      { ...sealed, fastifyGracefulReload: true },
      carried(new Envelope('another secret').seal('child', { type: 'settled' }))
    ]
    for (const raw of strangers) {
      t.equal(envelope.open('child', raw), undefined, JSON.stringify(raw))
      t.notOk(envelope.isOurs(raw))
    }
    t.equal(envelope.open('parent', sealed), undefined)
    t.equal(envelope.open('child', { ...sealed, version: Number(sealed.version) + 1 }), undefined)
    t.equal(envelope.open('child', { ...sealed, version: String(sealed.version) }), undefined)
  }
)

const words = (message: unknown) => serialize(message).toString('base64')

t.test('words that are no message are not heard, and do no harm', async (t) => {
  const sealed = carried(envelope.seal('child', { type: 'settled' }))
  const bad = [undefined, null, 7, {}, '', 'oops', words('settled'), words(null), words({}), words({ type: 'unknown' })]
  bad.push(words({ type: 'toString' }), words({ type: 'stop' }), words({ type: 'stop', reason: 7 }))
  bad.push(words({ type: 'connection', id: 1, index: -1, used: true, timeLeft: 0 }))
  bad.push(words({ type: 'take over', states: [], ticketKeys: [[0, { keys: 'keys' }]] }))
  for (const each of bad) t.equal(envelope.open('child', { ...sealed, words: each }), undefined, String(each))
})

t.test('every secret is another one', async (t) => {
  t.equal(new Set(Array.from({ length: 100 }, () => Envelope.newSecret())).size, 100)
})
