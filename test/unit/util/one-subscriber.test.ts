import { channel } from 'node:diagnostics_channel'
import { createContext, runInContext } from 'node:vm'
import t from 'tap'
import { subscribeAlone } from '../../../lib/util/one-subscriber.js'

const NAME = 'fastify-graceful-reload.test.1'
const HEARD = channel('fastify-graceful-reload.test')

t.test(
  'the latest subscriber of a name hears, be it of another global object, and others are left alone',
  async (t) => {
    const heard: string[] = []
    const other = () => heard.push('other')
    HEARD.subscribe(other)
    const context = createContext({ subscribeAlone, channel: HEARD, heard, NAME })
    runInContext('subscribeAlone(channel, NAME, () => heard.push("first"))', context)
    HEARD.publish({})
    t.strictSame(heard.splice(0), ['other', 'first'])

    const end = subscribeAlone(HEARD, NAME, () => heard.push('second'))
    HEARD.publish({})
    t.strictSame(heard.splice(0), ['other', 'second'])

    end()
    HEARD.unsubscribe(other)
    t.equal(HEARD.hasSubscribers, false)
    subscribeAlone(HEARD, NAME, () => heard.push('third'))
    end()
    HEARD.publish({})
    t.strictSame(heard, ['third'])
  }
)
