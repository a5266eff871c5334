// Runs the built test suite on each Node that is supported: `npm run test:matrix [-- <version>… <tap argument>…]`.
// The npm package `node` brings the binaries; they are kept in node_modules/.cache until the next `npm ci`.
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The oldest version that package.json admits, then the newest of each later line. */
const VERSIONS = ['20.19.0', '22', '24', '26']

/** tap's line for a test file that ended well before it had defined a test. */
const EMPTY_FILE = /^ok .* # SKIP no tests found$/m

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, 'node_modules', '.cache', 'test-matrix')
const tap = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')

const isVersion = (argument) => /^\d+(\.\d+)*$/.test(argument)
const asked = process.argv.slice(2).filter(isVersion)
const tapArguments = process.argv.slice(2).filter((argument) => !isVersion(argument))

const rows = []
for (const version of asked.length > 0 ? asked : VERSIONS) rows.push(testOn(version))
console.table(Object.fromEntries(rows.map(({ node, ...row }) => [node, row])))
process.exitCode = rows.every(({ result }) => result === 'passed') ? 0 : 1

function testOn(version) {
  const folder = join(cache, version)
  const node = install(version, folder)
  if (node === undefined) return { node: version, result: 'not installed' }

  const exact = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()
  const log = join(folder, 'output.tap')
  console.log(`Node ${exact}: running, output in ${relative(root, log)}`)
  const started = performance.now()
  const { status, signal } = runTap(node, log)
  const seconds = Math.round((performance.now() - started) / 1000)

  const output = readFileSync(log, 'utf8')
  const counts = summary(output)
  const passed = status === 0 && counts.passed > 0 && !EMPTY_FILE.test(output)
  if (!passed) console.log(failures(output))
  return { node: exact, ...counts, seconds, result: passed ? 'passed' : `failed (exit ${status ?? signal})` }
}

/** Returns the path of the binary, or undefined if npm could not bring it. */
function install(version, folder) {
  const node = join(folder, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(node)) return node
  mkdirSync(folder, { recursive: true })
  // The package fetches the binary for this platform in an install script.
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "allowScripts": { "node": true } }\n')
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const args = ['install', '--prefix', folder, ...quiet, `node@${version}`]
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  return status === 0 && existsSync(node) ? node : undefined
}

/**
 * tap starts each test file with the Node that it runs on itself; a test that looks for `node` must find that one too.
 */
function runTap(node, log) {
  const output = openSync(log, 'w')
  const env = {
    ...process.env,
    PATH: dirname(node) + delimiter + process.env.PATH,
    NODE: node,
    npm_node_execpath: node
  }
  const args = [tap, '--reporter=tap', '--no-color', ...tapArguments]
  try {
    return spawnSync(node, args, { cwd: root, env, stdio: ['ignore', output, output] })
  } finally {
    closeSync(output)
  }
}

/** Reads the last line of the form `# { total: 8, pass: 5, fail: 1, todo: 1, skip: 1 }`. */
function summary(output) {
  const line = [...output.matchAll(/^# \{ total: .*\}$/gm)].at(-1)?.[0] ?? ''
  const count = (key) => Number(line.match(new RegExp(`${key}: (\\d+)`))?.[1] ?? 0)
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip') + count('todo') }
}

/** The lines that name what failed, or the end of the output if none does. */
function failures(output) {
  const lines = output.split('\n')
  const named = lines.filter(
    (line) => EMPTY_FILE.test(line) || (/^\s*not ok /.test(line) && !/ # (TODO|SKIP)/.test(line))
  )
  return (named.length > 0 ? named : lines.slice(-20)).join('\n')
}
