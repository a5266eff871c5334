// Idle connections in their own process, so that only the servers make them wait, and so that there can be more of
// them than one process may open. Does what it is told, and answers when that is done.
import { Asking } from './asking.js'
import { IdleConnections } from './idle.js'
import type { IdleSettings, Order } from './idle-process.js'

const { host, port, count, every } = JSON.parse(process.env.BENCH_IDLE_SETTINGS ?? '') as IdleSettings
const idle = new IdleConnections({ host, port }, count)
let asking: Asking | undefined

const ORDERS: Record<Order, () => unknown> = {
  open: () => idle.open(),
  ask: () => {
    asking = new Asking(idle, every)
  },
  rest: () => asking?.stop(),
  check: () => idle.check()
}

process.on('message', async (order: Order) => {
  const done = await ORDERS[order]()
  process.send?.({ done })
})
process.once('disconnect', () => process.exit())
