import type { Party, Service } from './party.js'
import { BenchServer } from './server.js'

/** This plugin, as it comes, with its default options. */
export const plugin: Party = { name: 'this plugin', variant: 'plugin', start }

async function start(): Promise<Service> {
  const server = await BenchServer.start('plugin')
  return {
    port: server.port,
    async reload() {
      const begun = performance.now()
      const takenOver = server.program.said('taken over')
      await server.reload()
      return (await takenOver).time - begun
    },
    stop: () => server.stop()
  }
}
