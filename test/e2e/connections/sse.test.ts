import t from 'tap'
import { EventSourceClient, type StreamEvent } from '../../support/event-source.js'
import { Example } from '../../support/example.js'
import { within } from '../../support/limit.js'

t.test('EventSource reconnects to the child, and no event is lost or doubled', async (t) => {
  const example = await Example.start(t, 'example/sse.mjs')
  const line = await example.event(({ msg }) => /^Server listening at http/.test(msg ?? ''))
  const port = /:(\d+)$/.exec(line.msg ?? '')?.[1]
  const clients = Array.from({ length: 4 }, () => new EventSourceClient(`http://localhost:${port}/events`))
  t.teardown(() => {
    for (const client of clients) client.close()
  })
  for (const generation of [1, 2, 3]) {
    if (generation > 1) await example.reload()
    const isMeant = ({ data }: StreamEvent) => JSON.parse(data).generation === generation
    const events = Promise.all(clients.map((client) => client.event(isMeant)))
    await within(events, `events of generation ${generation}`, () => example.output.toString())
  }
  for (const { events, failures, ended } of clients) {
    t.strictSame(failures, [])
    t.equal(ended, 2, 'each stream has ended as it should')
    t.strictSame(
      events.map(({ id }) => Number(id)),
      events.map((_, index) => index + 1)
    )
  }
  t.equal(await example.stop(), 0)
})
