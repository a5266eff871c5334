// The clients, in their own process, so that only the servers make them wait. They ask BENCH_PORT, made up as
// BENCH_CROWD says, until they are told to stop, and then report what they saw.
import { Crowd } from './crowd.js'

const { BENCH_PORT, BENCH_CROWD = '' } = process.env
const crowd = new Crowd({ host: '127.0.0.1', port: Number(BENCH_PORT) }, JSON.parse(BENCH_CROWD))

process.once('message', async () => {
  await crowd.stop()
  process.send?.({ samples: crowd.samples, closings: crowd.closings }, () => process.disconnect())
})
process.once('disconnect', () => process.exit())
