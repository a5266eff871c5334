import { type Goal, medianAtMost } from './goals.js'
import { BenchServer, coldBoot } from './server.js'
import { median, ratios } from './statistics.js'
import { asMilliseconds, asRatio, formatTable } from './table.js'

/** What one round took, in milliseconds. */
export interface ReloadRound {
  plainBoot: number
  /** The same again: how far the two are apart is noise. */
  plainAgain: number
  pluginBoot: number
  /** From the request to the first answer of the child. */
  reload: number
  /** Of the reload: the boot of the child. */
  boot: number
  /** Of the reload: from the child's word that it is ready to its accepting. */
  handoff: number
}

/** How often each duration is measured in a round, in turn; the median counts. */
export const TIMES = 3

/**
 * Measures, `rounds` times, a cold boot of the app without and with the plugin (from `spawn` to the first answer), and a
 * reload of it without probation.
 */
export async function benchReloadTime(rounds: number): Promise<ReloadRound[]> {
  const results: ReloadRound[] = []
  const server = await BenchServer.start('plugin', { probation: 0 })
  try {
    await measureEach(server, 0) // The first ones fill the disk cache.
    for (let round = 0; round < rounds; round += 1) {
      const result = await runRound(server)
      results.push(result)
      const { plainBoot, pluginBoot, reload } = result
      const boots = `boot ${asMilliseconds(plainBoot)} plain, ${asMilliseconds(pluginBoot)} with the plugin`
      console.log(`reload time, round ${round + 1} of ${rounds}: ${boots}, reload ${asMilliseconds(reload)}`)
    }
  } finally {
    await server.stop()
  }
  return results
}

async function runRound(server: BenchServer): Promise<ReloadRound> {
  const measured: ReloadRound[] = []
  for (let turn = 0; turn < TIMES; turn += 1) measured.push(await measureEach(server, turn))
  const middle = (name: keyof ReloadRound) => median(measured.map((each) => each[name]))
  return {
    plainBoot: middle('plainBoot'),
    plainAgain: middle('plainAgain'),
    pluginBoot: middle('pluginBoot'),
    reload: middle('reload'),
    boot: middle('boot'),
    handoff: middle('handoff')
  }
}

/** Each once; which is the first one rotates with the turn, as each finds the machine as the one before has left it. */
async function measureEach(server: BenchServer, turn: number): Promise<ReloadRound> {
  const round = { plainBoot: 0, plainAgain: 0, pluginBoot: 0, reload: 0, boot: 0, handoff: 0 }
  const steps = [
    async () => Object.assign(round, { plainBoot: await coldBoot('plain') }),
    async () => Object.assign(round, { pluginBoot: await coldBoot('plugin') }),
    async () => {
      const { firstAnswer: reload, result } = await server.reload()
      return Object.assign(round, { reload, boot: result.timings.boot, handoff: result.timings.handoff })
    },
    async () => Object.assign(round, { plainAgain: await coldBoot('plain') })
  ]
  for (let step = 0; step < steps.length; step += 1) await steps[(turn + step) % steps.length]?.()
  return round
}

/** How long a reload takes beside a boot of the app. */
export function tabulateReloadTime(results: readonly ReloadRound[]): string {
  const all = (name: keyof ReloadRound) => results.map((round) => round[name])
  return formatTable([
    { name: 'reload / cold boot, plain app', values: reloadOverBoot(results), format: asRatio },
    { name: 'cold boot: plugin / plain', values: bootOverBoot(results), format: asRatio },
    { name: 'cold boot: plain / plain (noise)', values: ratios(all('plainAgain'), all('plainBoot')), format: asRatio },
    {
      name: 'reload / cold boot, app with the plugin',
      values: ratios(all('reload'), all('pluginBoot')),
      format: asRatio
    },
    { name: 'cold boot, plain', values: all('plainBoot'), format: asMilliseconds },
    { name: 'cold boot, plugin', values: all('pluginBoot'), format: asMilliseconds },
    { name: 'reload, from request to first answer', values: all('reload'), format: asMilliseconds },
    { name: 'of it: boot of the child', values: all('boot'), format: asMilliseconds },
    { name: 'of it: handoff', values: all('handoff'), format: asMilliseconds }
  ])
}

/**
 * A reload is to take no longer than starting the app without the plugin; Node 20 has no compile cache to make up for
 * it.
 */
export function reloadTimeGoals(results: readonly ReloadRound[], node = process.versions.node): Goal[] {
  const limit = Number.parseInt(node, 10) >= 22 ? 1 : 1.05
  return [
    medianAtMost('reload / cold boot of the plain app', reloadOverBoot(results), limit, asRatio),
    medianAtMost('cold boot: with the plugin / plain', bootOverBoot(results), 1.03, asRatio)
  ]
}

/** Each reload beside the boot of the plain app in its round. */
export function reloadOverBoot(results: readonly ReloadRound[]): number[] {
  return results.map(({ reload, plainBoot }) => reload / plainBoot)
}

function bootOverBoot(results: readonly ReloadRound[]): number[] {
  return results.map(({ pluginBoot, plainBoot }) => pluginBoot / plainBoot)
}
