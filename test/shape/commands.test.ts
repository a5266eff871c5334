import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { KINDS } from '../simulation/kinds.js'

const root = resolve(__dirname, '../../..')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** The commands for tests that `npm test` leaves out. */
const others = Object.keys(scripts).filter((name) => name.startsWith('test:') && /^tap '/.test(scripts[name] ?? ''))

/** Folders of real-process tests that a command names. */
const foldersOf = (command = '') =>
  [...command.matchAll(/dist\/test\/e2e\/\{?([\w,-]+)\}?\//g)].flatMap(([, names]) => (names ?? '').split(','))

test('each test that npm test leaves out has its own command, and .ci/run calls it', async (t) => {
  t.strictSame(foldersOf(scripts.test).sort(), others.flatMap((name) => foldersOf(scripts[name])).sort())
  const ci = readFileSync(join(root, '.ci/run'), 'utf8')
  for (const name of others) {
    t.match(ci, new RegExp(`^run_tests 'npm run --ignore-scripts ${name}'$`, 'm'))
    t.match(scripts['test:all'], `npm run ${name}`)
  }
})

test('.ci/run calls a long simulation of each kind, of schedules that npm test does not have', async (t) => {
  const ci = readFileSync(join(root, '.ci/run'), 'utf8')
  const command = /^run_command 'SEED=(\d+) RUNS=(\d+) timeout \d+ node dist\/test\/simulation\/run\.js (\w+)'$/gm
  const calls = [...ci.matchAll(command)]
  t.strictSame(
    calls.map(([, , , name]) => name),
    KINDS.map(({ name }) => name)
  )
  for (const [index, { runs, name }] of KINDS.entries()) t.ok(Number(calls[index]?.[1]) > runs.test + 1, name)
  t.match(ci, /^run_tests 'SEED=\d+ ROUNDS=\d+ node dist\/test\/torture\/run\.js'$/m)
})

test('each command compiles what it runs', async (t) => {
  for (const name of others) t.equal(scripts[`pre${name}`], 'npm run pretest', name)
})
