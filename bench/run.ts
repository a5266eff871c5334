// `npm run bench`: measures what the plugin costs and what clients see of a reload, beside what one would use instead. Prints
// the tables, and writes them and a picture to docs/. bench/settings.ts lists what makes it shorter or longer.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rollingCluster } from './cluster.js'
import { compare, RELOADS, type Result } from './comparison.js'
import { tabulateComparison, tabulateTotals } from './comparison-table.js'
import { benchMigration, possibleConnections } from './migration.js'
import { plotLatency, type Timeline } from './plot.js'
import { plugin } from './plugin.js'
import { installPm2 } from './pm2.js'
import { benchReloadTime } from './reload-time.js'
import { describeMachine, formatReport, type Rounds, type Tables } from './report.js'
import { readSettings, type Settings } from './settings.js'
import { stopStart } from './stop-start.js'
import { benchThroughput } from './throughput.js'
import { benchWorkers } from './workers.js'

const ROOT = join(__dirname, '..', '..')

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const rounds = {
    comparison: Math.ceil(settings.rounds / 2),
    reloadsPerRound: RELOADS,
    migration: Math.ceil(settings.rounds / 4),
    workers: Math.ceil(settings.rounds / 2)
  }
  console.log(`${describeMachine()}\n`)
  const { tables, timelines } = await runParts(settings, rounds)
  const report = formatReport(settings, tables, rounds)
  console.log(`\n${report}`)
  if (settings.output === undefined) return
  const picture = timelines === undefined ? {} : { 'latency.svg': plotLatency(timelines) }
  write(settings.output, { 'benchmarks.md': report, ...picture })
}

async function runParts(settings: Settings, rounds: Rounds): Promise<{ tables: Tables; timelines?: Timeline[] }> {
  const only = <T>(part: string, run: () => Promise<T>): Promise<T | undefined> =>
    settings.parts === undefined || settings.parts.includes(part) ? run() : Promise.resolve(undefined)
  const compared = await only('comparison', () => runComparison(settings, rounds.comparison))
  const connections = possibleConnections(settings.connections)
  const omissions = compared?.omissions ?? []
  if (connections < settings.connections)
    omissions.push(`\`ulimit -n\` allowed ${connections} connections in place of ${settings.connections}.`)
  const tables = {
    comparison: compared && tabulateComparison(compared.results),
    totals: compared && tabulateTotals(compared.results),
    migration: await only('migration', () => benchMigration(rounds.migration, connections)),
    throughput: await only('throughput', () => benchThroughput(settings.rounds, settings.turns)),
    reloadTime: await only('reload', () => benchReloadTime(settings.rounds)),
    workers: await only('workers', () => benchWorkers(rounds.workers, Math.ceil(settings.turns / 2))),
    omissions
  }
  return compared === undefined ? { tables } : { tables, timelines: compared.results.map(({ timeline }) => timeline) }
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
