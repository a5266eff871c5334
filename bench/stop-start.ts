import type { Party, Service } from './party.js'
import { BenchServer } from './server.js'

/** A stop by close-with-grace, and then a start on the same port. */
export const stopStart: Party = { name: 'stop, then start', variant: 'close-with-grace', start }

async function start(): Promise<Service> {
  let server = await BenchServer.start('close-with-grace')
  const { port } = server
  return {
    port,
    async reload() {
      const begun = performance.now()
      await server.stop()
      server = await BenchServer.start('close-with-grace', { port })
      return performance.now() - begun
    },
    stop: () => server.stop()
  }
}
