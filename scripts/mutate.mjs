// Changes the compiled machines in one place at a time, and asks whether the simulation and the tables notice.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'acorn'
import { EQUIVALENT } from './mutate-equivalent.mjs'
import { mutationsOf } from './mutations.mjs'

const require = createRequire(import.meta.url)
const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'dist/lib/protocol')
const { judge } = require(join(root, 'dist/test/simulation/judge.js'))
const { judgeLauncher } = require(join(root, 'dist/test/simulation/launcher/judge.js'))

/** Each machine: where it begins, what it is made of, and who judges it. */
const MACHINES = [
  {
    entry: 'server.js',
    files: ['server.js', 'server-child.js', 'server-leaving.js', 'server-parent.js', 'server-steps.js'],
    judge
  },
  {
    entry: 'launcher.js',
    files: ['', '-roll', '-share', '-silence', '-steps', '-stop', '-worker'].map((part) => `launcher${part}.js`),
    judge: judgeLauncher
  }
]

/** The machine, with one of its files changed. */
function load(entry, changed, text) {
  const modules = new Map()
  const load = (path) => {
    if (modules.has(path)) return modules.get(path).exports
    const module = { exports: {} }
    modules.set(path, module)
    const code = path === changed ? text : readFileSync(path, 'utf8')
    new Function('require', 'module', 'exports', code)(
      (name) => load(join(dirname(path), name)),
      module,
      module.exports
    )
    return module.exports
  }
  return load(join(folder, entry))
}

const only = process.argv[2]
const scores = MACHINES.flatMap((machine) => {
  const files = machine.files.filter((file) => only === undefined || file.includes(only))
  return files.length === 0 ? [] : scoreOf(machine, files)
})
process.exitCode = scores.every((score) => score >= 90) ? 0 : 1

/** Prints what nobody has noticed, and returns how much of a machine was: in percent. */
function scoreOf({ entry, judge }, files) {
  const unchanged = judge(load(entry))
  if (unchanged !== undefined) throw new Error(`the machine itself fails: ${unchanged}`)
  const count = { killed: 0, survived: 0, equivalent: 0 }
  const begun = performance.now()
  for (const file of files) for (const fate of fatesOf(file, entry, judge)) count[fate]++
  const score = (100 * count.killed) / (count.killed + count.survived)
  const seconds = Math.round((performance.now() - begun) / 1000)
  const { killed, survived, equivalent } = count
  process.stdout.write(
    `${entry}: ${killed} killed, ${survived} survived, ${equivalent} equivalent: ${score.toFixed(1)} % in ${seconds} s\n`
  )
  return score
}

function* fatesOf(file, entry, judge) {
  const path = join(folder, file)
  const source = readFileSync(path, 'utf8')
  const program = parse(source, { ecmaVersion: 'latest', locations: true })
  for (const { start, end, text, what } of mutationsOf(program, source)) {
    const line = source.slice(0, start).split('\n').length
    const around = source.split('\n')[line - 1].trim()
    if (EQUIVALENT.some((one) => one.file === file && around.includes(one.line) && what.startsWith(one.what))) {
      yield 'equivalent'
      continue
    }
    const isKilled = isNoticed(() => judge(load(entry, path, source.slice(0, start) + text + source.slice(end))))
    if (!isKilled) process.stdout.write(`survived ${file}:${line} ${what}\n    ${around}\n`)
    yield isKilled ? 'killed' : 'survived'
  }
}

function isNoticed(judge) {
  try {
    return judge() !== undefined
  } catch {
    return true
  }
}
