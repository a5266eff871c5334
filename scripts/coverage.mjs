// Runs built tests and prints how much of lib/ they ran, child processes included: `npm run coverage [-- <tap
// argument>…]`.
// Node writes what each process has run: https://nodejs.org/api/cli.html#node_v8_coveragedir
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Covered } from './covered.mjs'

/** How often to look for processes that have ended. Milliseconds. */
const INTERVAL = 500

/**
 * The tests that run unless the arguments name some: all except those that would take hours while each line is counted,
 * and that run no other lines. Those that copy the published files, or look into them, are left out as well: with
 * `--separate`, these only load the compiled ones.
 */
const ALL = [
  'simulation/**',
  'e2e/stress/**',
  'e2e/frameworks/package-managers.test.js',
  'e2e/plugin/published.test.js',
  'e2e/supervisors/{environment-file,release-folders}.test.js'
].map((tests) => `--exclude=dist/test/${tests}`)

/** What the compiler makes of a file that has nothing but types and comments. */
const NO_CODE = /^"use strict";\s*Object\.defineProperty\(exports, "__esModule", .*\);\s*(\/\/# sourceMappingURL=.*)?$/
const COMMENTS = /\/\*.*?\*\//gs

const root = fileURLToPath(new URL('..', import.meta.url))
const tap = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
const c8 = join(root, 'node_modules', 'c8', 'bin', 'c8.js')
const ours = `${pathToFileURL(join(root, 'dist', 'lib')).href}/`

const covered = new Covered()
/** Of the files of lib/, by URL. */
const lengths = new Map()
const folder = mkdtempSync(join(tmpdir(), 'graceful-coverage-'))
// Processes of other users write there too.
chmodSync(folder, 0o1777)
try {
  const status = await runTests()
  const reported = report()
  process.exitCode = status || reported
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Returns the exit code of tap. What a process has run outside of lib/ is some megabytes, so it is thrown away as it
 * comes.
 */
async function runTests() {
  const env = { ...process.env, NODE_V8_COVERAGE: folder }
  const given = process.argv.slice(2)
  const tests = spawn(process.execPath, [tap, ...(given.length > 0 ? given : ALL)], {
    cwd: root,
    env,
    stdio: 'inherit'
  })
  const timer = setInterval(collect, INTERVAL)
  const status = await new Promise((resolve) => tests.once('exit', (code) => resolve(code ?? 1)))
  clearInterval(timer)
  collect()
  return status
}

function collect() {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    const coverage = parse(readFileSync(file, 'utf8'))
    if (coverage === undefined) continue
    covered.add(coverage.result.filter(isOurs))
    rmSync(file)
  }
}

/**
 * Whether V8 reports about a file of lib/ as it is. Test runners such as Jest put text of their own around it: then
 * what V8 says is about other places.
 */
function isOurs({ url, functions }) {
  if (!url.startsWith(ours)) return false
  const end = Math.max(...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset)))
  return end === lengthOf(url)
}

function lengthOf(url) {
  const known = lengths.get(url) ?? readFileSync(fileURLToPath(url), 'utf8').length
  lengths.set(url, known)
  return known
}

/** Undefined while the file is being written. */
function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Prints the table, in lines of the TypeScript files, with those that no process has loaded; returns the exit code of
 * c8.
 */
function report() {
  const excluded = ['**/*.d.ts', ...withoutCode()].flatMap((name) => ['--exclude', name])
  const files = ['--all', '--src', join(root, 'dist/lib'), '--include', 'dist/lib/**', ...excluded]
  // Alone in its folder: c8 would add up what a process may still write to the other one, and lose functions thereby.
  const sum = join(folder, 'sum')
  mkdirSync(sum)
  writeFileSync(join(sum, 'coverage-all.json'), JSON.stringify({ result: covered.result }))
  const args = ['report', '--temp-directory', sum, ...files, '--reporter', 'text']
  return spawnSync(process.execPath, [c8, ...args], { cwd: root, stdio: 'inherit' }).status ?? 1
}

/** Files that have nothing but types: no process loads them. */
function withoutCode() {
  const names = readdirSync(join(root, 'dist/lib'), { recursive: true }).filter((name) => name.endsWith('.js'))
  const paths = names.map((name) => join('dist/lib', name))
  return paths.filter((path) => NO_CODE.test(readFileSync(join(root, path), 'utf8').replaceAll(COMMENTS, '')))
}
