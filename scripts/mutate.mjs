// Changes the compiled machines in one place at a time, and asks who notices: the simulation, or else the unit tests.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { Script } from 'node:vm'
import { loadMachine, loadTest, mutantsOf } from './mutants.mjs'
import { EQUIVALENT } from './mutate-equivalent.mjs'
import { quickTap } from './quick-tap.mjs'

const require = createRequire(import.meta.url)
const simulation = resolve(import.meta.dirname, '../dist/test/simulation')
const { judgeBalance, judgeConnection, judgeLauncher, judgeServer } = require(`${simulation}/judges.js`)
const { Random } = require(`${simulation}/random.js`)

/** Below this score, in percent, the command fails. */
const ENOUGH = 90

/** The same of what the simulation alone notices of a whole machine: it was about 61 of a hundred. */
const ENOUGH_ALONE = 55

/** The files of a machine, which of them are mutated, and the tests that judge the mutants. */
const MACHINES = {
  server: {
    files: ['', '-checking', '-child', '-leaving', '-parent', '-reloading', '-steps'].map((part) => `server${part}.js`),
    entries: ['server.js'],
    judge: judgeServer,
    tests: ['unit/protocol/server.test.js']
  },
  launcher: {
    files: ['', '-forward', '-parent', '-roll', '-scale', '-turn', '-silence', '-steps', '-stop', '-worker'].map(
      (part) => `launcher${part}.js`
    ),
    entries: ['launcher.js'],
    judge: judgeLauncher,
    tests: [
      'unit/protocol/launcher-table.test.js',
      'unit/protocol/launcher.test.js',
      'unit/protocol/launcher-forward.test.js',
      'unit/protocol/launcher-parent.test.js',
      'unit/protocol/launcher-watched.test.js'
    ]
  },
  connection: {
    files: ['', '-kept', '-taker'].map((part) => `connection${part}.js`),
    entries: ['', '-kept', '-taker'].map((part) => `connection${part}.js`),
    judge: judgeConnection,
    tests: ['unit/protocol/connection.test.js']
  },
  balance: {
    files: ['balance.js', 'balance-state.js'],
    entries: ['balance.js'],
    judge: judgeBalance,
    tests: ['unit/protocol/balance.test.js']
  },
  // Alone with figures, words or files: there is nothing to simulate.
  words: {
    files: ['joined-reasons.js', 'phases.js', 'reload-step.js', 'worker-count.js'],
    entries: [],
    judge: undefined,
    tests: ['joined-reasons', 'phases', 'reload-step', 'worker-count'].map((name) => `unit/protocol/${name}.test.js`)
  },
  health: { files: ['health.js'], entries: [], judge: undefined, tests: ['unit/protocol/health.test.js'] },
  watch: { files: ['watch.js'], entries: [], judge: undefined, tests: ['unit/protocol/watch.test.js'] }
}

/** For how many mutants of a machine to check whether the simulation alone notices them; `SAMPLE=all`: for all. */
const SAMPLE = process.env.SAMPLE === 'all' ? Infinity : Number(process.env.SAMPLE ?? 100)

/** No test takes so long, unless a mutant makes it loop without an end. Milliseconds. */
const LIMIT = 120_000

const only = process.argv[2] ?? ''
const scores = []
for (const [name, machine] of Object.entries(MACHINES)) {
  const files = machine.files.filter((file) => file.startsWith(only))
  if (files.length === 0) continue
  const { killed, alone } = await scoreOf(name, machine, files)
  // A sample of one file says little.
  scores.push(killed >= ENOUGH && (files.length < machine.files.length || alone >= ENOUGH_ALONE))
}
if (scores.length === 0) throw new Error(`no file of a machine begins with "${only}"`)
process.exitCode = scores.every(Boolean) ? 0 : 1

/**
 * Prints the mutants that no test notices, and those that the simulation alone does not. Returns both shares that are
 * noticed, in percent.
 */
async function scoreOf(name, machine, files) {
  const begun = performance.now()
  if ((await judgesOf(machine, undefined, true)) !== 'nobody') throw new Error(`the ${name} itself fails`)
  const all = files.flatMap((file) => [...mutantsOf(file)])
  const mutants = all.filter((mutant) => !isEquivalent(mutant))
  const sample = machine.judge === undefined ? new Set() : sampleOf(mutants)
  const score = { killed: 0, simulated: 0, survived: 0 }
  for (const mutant of mutants) {
    const isSampled = sample.has(mutant)
    const by = await judgesOf(machine, mutant.change, isSampled)
    if (by === 'nobody') score.survived++
    else score.killed++
    if (isSampled && by === 'simulation') score.simulated++
    if (by === 'nobody') tell('survived', mutant)
    else if (isSampled && by === 'unit tests') tell('only unit tests notice', mutant)
  }
  const equivalent = all.length - mutants.length
  return report(name, { ...score, equivalent, sample: sample.size, seconds: (performance.now() - begun) / 1000 })
}

function tell(what, { where, what: change, line }) {
  process.stdout.write(`${what}: ${where} ${change}\n    ${line}\n`)
}

/** The same ones each time. */
function sampleOf(mutants) {
  if (mutants.length <= SAMPLE) return new Set(mutants)
  const random = new Random(1)
  const sample = new Set()
  while (sample.size < SAMPLE) sample.add(random.pick(mutants))
  return sample
}

function report(name, { killed, simulated, survived, equivalent, sample, seconds }) {
  const all = killed + survived
  const percent = (part, of) => (of === 0 ? 100 : (100 * part) / of)
  const of = sample < all ? `a sample of ${sample}` : 'all'
  const alone = `; the simulation alone kills ${simulated} of ${of}: ${percent(simulated, sample).toFixed(1)} %`
  process.stdout.write(
    `${name}: ${all} mutants, ${killed} killed, ${survived} survived, ${equivalent} equivalent: ` +
      `${percent(killed, all).toFixed(1)} %${sample === 0 ? '' : alone} (${seconds.toFixed(0)} s)\n`
  )
  return { killed: percent(killed, all), alone: percent(simulated, sample) }
}

function isEquivalent({ file, line, what }) {
  return EQUIVALENT.some((one) => one.file === file && line.includes(one.line) && what.startsWith(one.what))
}

/** Who notices a change: the unit tests, which are quick, or the simulation. */
async function judgesOf(machine, change, isSimulatedFirst) {
  const judges = [
    ['unit tests', () => testsNotice(machine, change)],
    ['simulation', () => machine.judge !== undefined && simulationNotices(machine, change)]
  ]
  for (const [name, notices] of isSimulatedFirst ? judges.reverse() : judges) if (await notices()) return name
  return 'nobody'
}

function simulationNotices({ entries, judge }, change) {
  return fails(() => {
    const problem = judge(Object.assign({}, ...entries.map((entry) => loadMachine(entry, change))))
    if (problem !== undefined) throw new Error(problem)
  })
}

async function testsNotice({ tests }, change) {
  for (const test of tests) {
    const { tap, end } = quickTap()
    if (await fails(() => loadTest(test, change, tap), end)) return true
  }
  return false
}

/** Whether something throws, or does not end in time. */
async function fails(run, end = () => {}) {
  try {
    globalThis.run = run
    new Script('run()').runInThisContext({ timeout: LIMIT })
    await end()
    return false
  } catch {
    return true
  }
}
