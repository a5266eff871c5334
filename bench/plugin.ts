import type { Party, Service } from './party.js'
import { BenchServer } from './server.js'

/** This plugin, as it comes, with its default options. */
export const plugin: Party = { name: 'this plugin', variant: 'plugin', start: () => start() }

/** The same under its launcher, which starts the child in place of the server. */
export const launched: Party = { ...plugin, name: 'this plugin, with its launcher', start: () => start(1) }

async function start(workers?: number): Promise<Service> {
  const server = await BenchServer.start('plugin', { ...(workers !== undefined && { workers }) })
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
