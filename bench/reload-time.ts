import { BenchServer, coldBoot } from './server.js'
import { ratios } from './statistics.js'
import { asMilliseconds, asRatio, formatTable } from './table.js'

/** What one round took, in milliseconds. */
interface Round {
  plainBoot: number
  coldBoot: number
  reload: number
  boot: number
  handoff: number
}

/**
 * Measures, `rounds` times in turn, a cold boot of the app without and with the plugin (from `spawn` to listening), and a
 * reload of it without probation (from the request to its answer, when the child serves). Returns a table.
 */
export async function benchReloadTime(rounds: number): Promise<string> {
  const results: Round[] = []
  const server = await BenchServer.start('plugin', { probation: 0 })
  try {
    await runRound(server) // The first one fills the disk cache.
    for (let round = 0; round < rounds; round += 1) {
      const result = await runRound(server)
      results.push(result)
      const { coldBoot, reload } = result
      console.log(
        `reload time, round ${round + 1} of ${rounds}: boot ${asMilliseconds(coldBoot)}, reload ${asMilliseconds(reload)}`
      )
    }
  } finally {
    await server.stop()
  }
  return tabulate(results)
}

async function runRound(server: BenchServer): Promise<Round> {
  const plainBoot = await coldBoot('plain')
  const pluginBoot = await coldBoot('plugin')
  const { duration, result } = await server.reload()
  return {
    plainBoot,
    coldBoot: pluginBoot,
    reload: duration,
    boot: result.timings.boot,
    handoff: result.timings.handoff
  }
}

function tabulate(results: Round[]): string {
  const all = (name: keyof Round) => results.map((round) => round[name])
  return formatTable([
    { name: 'reload / cold boot', values: ratios(all('reload'), all('coldBoot')), format: asRatio },
    { name: 'cold boot: plugin / plain', values: ratios(all('coldBoot'), all('plainBoot')), format: asRatio },
    { name: 'cold boot, plain', values: all('plainBoot'), format: asMilliseconds },
    { name: 'cold boot, plugin', values: all('coldBoot'), format: asMilliseconds },
    { name: 'reload, from request to answer', values: all('reload'), format: asMilliseconds },
    { name: 'of it: boot of the child', values: all('boot'), format: asMilliseconds },
    { name: 'of it: handoff', values: all('handoff'), format: asMilliseconds }
  ])
}
