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
const FILES = [
  'server.js',
  'server-child.js',
  'server-leaving.js',
  'server-parent.js',
  'server-reloading.js',
  'server-steps.js'
]
const { judge } = require(join(root, 'dist/test/simulation/judge.js'))

/** The machine, with one of its files changed. */
function load(changed, text) {
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
  return load(join(folder, 'server.js'))
}

const only = process.argv[2]
const survivors = []
let equivalent = 0
let killed = 0
const begun = performance.now()
const unchanged = judge(load())
if (unchanged !== undefined) throw new Error(`the machine itself fails: ${unchanged}`)
for (const file of FILES) {
  if (only !== undefined && !file.includes(only)) continue
  const path = join(folder, file)
  const source = readFileSync(path, 'utf8')
  for (const { start, end, text, what } of mutationsOf(
    parse(source, { ecmaVersion: 'latest', locations: true }),
    source
  )) {
    const line = source.slice(0, start).split('\n').length
    const around = source.split('\n')[line - 1].trim()
    if (EQUIVALENT.some((one) => one.file === file && around.includes(one.line) && what.startsWith(one.what))) {
      equivalent++
      continue
    }
    let reason
    try {
      reason = judge(load(path, source.slice(0, start) + text + source.slice(end)))
    } catch (error) {
      reason = `throws ${error.message}`
    }
    if (reason === undefined) {
      survivors.push(`${file}:${line} ${what}\n    ${around}`)
      process.stdout.write(`survived ${survivors.at(-1)}\n`)
    } else killed++
  }
}
const seconds = Math.round((performance.now() - begun) / 1000)
const score = (100 * killed) / (killed + survivors.length)
process.stdout.write(
  `${killed} killed, ${survivors.length} survived, ${equivalent} equivalent: ${score.toFixed(1)} % in ${seconds} s\n`
)
process.exitCode = score >= 90 ? 0 : 1
