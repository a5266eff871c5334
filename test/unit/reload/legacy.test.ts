import { EventEmitter, once } from 'node:events'
import t from 'tap'
import type { ServerHost } from '../../../lib/process/server-host.js'
import type { Service } from '../../../lib/process/service.js'
import { Legacy } from '../../../lib/reload/legacy.js'
import type { Successors } from '../../../lib/reload/successors.js'

t.test('a word that cannot be written counts as not sent, and nobody waits for the answer', async (t) => {
  const heard = new EventEmitter()
  const host = {
    at: { name: 'reloading' },
    tell: (input: { type: string }) => heard.emit(input.type, input)
  } as unknown as ServerHost
  const server = {
    setTicketKeys: () => {},
    getTicketKeys: () => {
      throw new Error('no keys')
    }
  }
  const successors = {
    get: () => ({ listeners: [{ server }] }),
    deliver: () => t.fail('nothing is sent')
  } as unknown as Successors
  const told = once(heard, 'not sent')
  new Legacy({} as Service, host, successors).letTakeOver(1, 0)
  const [input] = await told
  t.match(input, { child: 1, error: { code: 'GRACEFUL_ERR_STATE', message: /no keys/ } })
})
