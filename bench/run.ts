// `npm run bench`: measures what the plugin costs and what clients see of a reload, beside what one would use instead.
// Prints the tables, and writes them and a picture to docs/. bench/settings.ts lists what makes it shorter or longer.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rollingCluster } from './cluster.js'
import { benchComingBack } from './coming-back.js'
import { compare, type Result, timelineOf } from './comparison.js'
import { benchFeel } from './feel.js'
import { benchMigration, possibleConnections } from './migration.js'
import { plotLatency } from './plot/plot.js'
import { plugin } from './plugin.js'
import { installPm2 } from './pm2.js'
import { benchReloadTime } from './reload-time.js'
import { describeMachine, formatReport } from './report.js'
import type { Results } from './results.js'
import { benchSaves } from './saves.js'
import { type Part, readSettings, type Settings } from './settings.js'
import { benchSpawn } from './spawn.js'
import { stopStart } from './stop-start.js'
import { benchThroughput } from './throughput.js'
import { benchWorkers } from './workers.js'

const ROOT = join(__dirname, '..', '..')

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  console.log(`${describeMachine()}\n`)
  const results = await runParts(settings)
  const report = formatReport(settings, results)
  console.log(`\n${report}`)
  if (settings.output === undefined) return
  const { comparison } = results
  const picture = comparison === undefined ? {} : { 'latency.svg': plotLatency(comparison.map(timelineOf)) }
  write(settings.output, { 'benchmarks.md': report, ...picture })
}

async function runParts(settings: Settings): Promise<Results> {
  const { rounds, turns, idle, seed } = settings
  const only = <T>(part: Part, run: () => Promise<T>): Promise<T | undefined> =>
    settings.parts === undefined || settings.parts.includes(part) ? run() : Promise.resolve(undefined)
  const compared = await only('comparison', () => runComparison(settings, Math.ceil(rounds / 2)))
  const connections = possibleConnections(settings.connections)
  return {
    comparison: compared?.results,
    feel: await only('feel', () => benchFeel(rounds, idle)),
    migration: await only('migration', () => benchMigration(Math.ceil(rounds / 4), connections)),
    comingBack: await only('return', () => benchComingBack(seed, idle)),
    throughput: await only('throughput', () => benchThroughput(rounds, turns)),
    reloadTime: await only('reload', () => benchReloadTime(rounds)),
    spawnings: await only('spawn', () => benchSpawn(rounds)),
    workers: await only('workers', () => benchWorkers(Math.ceil(rounds / 2), Math.ceil(turns / 2))),
    saves: await only('watch', () => benchSaves(rounds)),
    omissions: [...(compared?.omissions ?? []), ...omitted(connections, settings)]
  }
}

function omitted(possible: number, { connections }: Settings): string[] {
  if (possible >= connections) return []
  return [`\`ulimit -n\` allowed ${possible} connections in place of ${connections}.`]
}

async function runComparison({ idle }: Settings, rounds: number): Promise<{ results: Result[]; omissions: string[] }> {
  const pm2 = installPm2(ROOT)
  const omissions = pm2 === undefined ? ['pm2 could not be installed and was left out.'] : []
  for (const omission of omissions) console.log(omission)
  const parties = [stopStart, rollingCluster, ...(pm2 === undefined ? [] : [pm2]), plugin]
  return { results: await compare({ parties, rounds, idle }), omissions }
}

function write(folder: string, files: Record<string, string>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text)
    console.log(`written: ${join(folder, name)}`)
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
