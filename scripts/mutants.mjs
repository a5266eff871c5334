// The machines, from the compiled files: as they are, and with one slip of a hand in one of them.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire, SourceMap } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { parse } from 'acorn'
import { mutationsOf } from './mutations.mjs'

const require = createRequire(import.meta.url)
const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')
const folder = join(dist, 'lib/protocol')

/**
 * Every mutant of the file of a machine: where it is, in words, and how it can be loaded. `line` is the compiled one,
 * `where` is a place in `lib/`.
 */
export function* mutantsOf(file) {
  const path = join(folder, file)
  const source = readFileSync(path, 'utf8')
  const program = parse(source, { ecmaVersion: 'latest', locations: true })
  for (const { start, end, text, what } of mutationsOf(program, source)) {
    const before = source.slice(0, start).split('\n')
    const line = source.split('\n')[before.length - 1].trim()
    const where = placeOf(path, before.length - 1, before.at(-1).length)
    yield { file, line, what, where, change: { path, source: source.slice(0, start) + text + source.slice(end) } }
  }
}

/** Loads one module of `dist/lib/protocol` again, with everything that it requires. */
export function loadMachine(name, change) {
  return loader(change)(join(folder, name))
}

/** Runs a compiled test on a machine, with another `tap`. */
export function loadTest(name, change, tap) {
  return loader(change, { tap })(join(dist, 'test', name))
}

const compiled = new Map()

function loader(change, replaced = {}) {
  const modules = new Map()
  const load = (path) => {
    if (modules.has(path)) return modules.get(path).exports
    const module = { exports: {} }
    modules.set(path, module)
    const requireFrom = (name) => {
      if (name in replaced) return replaced[name]
      return name.startsWith('.') ? load(join(dirname(path), name)) : require(name)
    }
    const run = path === change?.path ? compile(change.source) : compiledFile(path)
    run(requireFrom, module, module.exports, dirname(path))
    return module.exports
  }
  return load
}

function compiledFile(path) {
  if (!compiled.has(path)) compiled.set(path, compile(readFileSync(path, 'utf8')))
  return compiled.get(path)
}

const compile = (source) => new Function('require', 'module', 'exports', '__dirname', source)

/** Where a place of a compiled file comes from. */
function placeOf(path, line, column) {
  if (!existsSync(`${path}.map`)) return `${relative(root, path)}:${line + 1}`
  const map = new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')))
  const { originalSource, originalLine } = map.findEntry(line, column)
  return `${relative(root, resolve(dirname(path), originalSource))}:${originalLine + 1}`
}
