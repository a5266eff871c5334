// Starts a server, puts it under load, edits and reloads it several times, one of them with a release that does not even
// parse, and tells what the clients saw. `npm start` runs this. DEMO_QUICK=1 makes it short.
import { Load } from './demo/load.mjs'
import { ReleaseFolder } from './demo/release-folder.mjs'
import { ServerProcess } from './demo/server-process.mjs'
import { format, formatTable } from './demo/table.mjs'

const quick = process.env.DEMO_QUICK === '1'
const releases = quick ? [2, 'broken', 4] : [2, 3, 'broken', 5, 6]
const started = performance.now()
const problems = []

const folder = await ReleaseFolder.create()
const env = { ...process.env, PROBATION: quick ? '300' : '1500' }
const server = new ServerProcess(folder.script, { cwd: folder.path, env })
for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => abandon(code))
}

let load
try {
  await Promise.race([run(), server.unexpectedEnd()])
} catch (error) {
  problems.push(error.message)
  server.kill()
}
folder.remove()
if (load !== undefined) report()
for (const problem of problems) console.log(`FAILED: ${problem}`)
process.exit(problems.length === 0 ? 0 : 1)

async function run() {
  const port = await server.listening()
  load = new Load(port, quick ? 400 : 2000)
  const clients = load.tallies.reduce((sum, tally) => sum + tally.clients, 0)
  say(
    `release 1 serves on port ${port} as pid ${server.pid}; ${clients} clients begin to ask, none of them ever retries`
  )
  await load.reached(1)
  for (const release of releases) await (release === 'broken' ? deployBroken() : deploy(release))
  await load.stop()
  say('the clients have left')
  await stop()
}

async function deploy(release) {
  await folder.write(release)
  const parent = server.pid
  say(`release ${release} is written; kill -HUP ${parent}`)
  const { result, error } = await server.reload()
  if (error !== undefined)
    throw new Error(`the reload to release ${release} failed: ${error.message}\n${server.lastWords}`)
  await load.reached(result.generation)
  const { boot, handoff } = result.timings
  say(
    `  pid ${result.pid} is generation ${result.generation}: booted in ${ms(boot)}, took over in ${ms(handoff)}; ${soFar()}`
  )
}

async function deployBroken() {
  await folder.writeBroken()
  say(`a release with a syntax error is written; kill -HUP ${server.pid}`)
  const before = load.requests
  const { result, error } = await server.reload()
  if (result !== undefined) throw new Error('the broken release was switched to')
  say(
    `  refused with ${error.code}; pid ${server.pid} goes on: ${format(load.requests - before)} answers meanwhile; ${soFar()}`
  )
}

async function stop() {
  const codes = await server.stop()
  const bad = codes.filter((code) => code !== 0)
  if (bad.length > 0) problems.push(`exit codes other than 0: ${bad.join(' ')}\n${server.lastWords}`)
  say(`SIGTERM: generation ${server.generation} has stopped, no process is left, all exited with ${codes[0]}`)
}

function report() {
  console.log(`\n${formatTable(load.tallies)}\n`)
  const unannounced = load.tallies.reduce((sum, tally) => sum + tally.closedUnannounced, 0)
  for (const { name, complaints } of load.tallies)
    for (const complaint of complaints) console.log(`${name}: ${complaint}`)
  if (load.failures > 0) problems.push(`${load.failures} requests failed`)
  if (unannounced > 0) problems.push(`${unannounced} connections were closed without announcement`)
  if (problems.length === 0) console.log(`${format(load.requests)} requests, ${releases.length} reloads, no failure.`)
}

function soFar() {
  return `${format(load.requests)} requests, ${load.failures} failed`
}

function ms(duration) {
  return `${Math.round(duration)} ms`
}

function say(text) {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`)
}

function abandon(code) {
  server.kill()
  folder.remove()
  process.exit(code)
}
