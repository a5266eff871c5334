import { join } from 'node:path'
import { freePort } from '../test/support/free-port.js'
import type { Party, Service } from './party.js'
import { Program } from './program.js'

const WORKERS = 2

/** Workers of `node:cluster`, replaced one by one. */
export const rollingCluster: Party = { name: 'node:cluster', variant: 'close-with-grace', start }

async function start(): Promise<Service> {
  const port = await freePort()
  const env = { BENCH_VARIANT: 'close-with-grace', BENCH_PORT: String(port), BENCH_WORKERS: String(WORKERS) }
  const primary = new Program([join(__dirname, 'cluster-primary.js')], env)
  await primary.said('listening', WORKERS)
  return {
    port,
    async reload() {
      const begun = performance.now()
      const lastServes = primary.said('listening', WORKERS)
      const lastIsGone = primary.said('exit', WORKERS)
      primary.kill('SIGHUP')
      const { time } = await lastServes
      await lastIsGone
      return time - begun
    },
    stop: () => primary.stop()
  }
}
