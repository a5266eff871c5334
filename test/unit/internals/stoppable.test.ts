import { createServer } from 'node:http'
import t from 'tap'
import { leaveToDrain } from '../../../lib/internals/stoppable.js'

t.test('a server that stoppable has not touched stays as it is', async (t) => {
  const server = createServer()
  const methods = Object.keys(server)
  for (const like of [{}, { _pendingSockets: new Map() }, { _pendingSockets: {}, stop: () => {} }]) {
    const { close } = Object.assign(server, { _pendingSockets: undefined, stop: undefined }, like)
    leaveToDrain(server)
    t.equal(server.close, close)
  }
  t.strictSame(
    Object.keys(server).filter((name) => !methods.includes(name)),
    ['_pendingSockets', 'stop']
  )
})
