import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seconds } from './units.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** How often the time is drawn anew. Milliseconds. */
const TICK = 250

/**
 * Compiles the package, and says how that goes.
 *
 * @returns what went wrong, if anything did
 */
export async function build(output, signal) {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing: run npm ci first'
  const begun = performance.now()
  const elapsed = () => seconds(performance.now() - begun)
  const draw = () => output.status(`building the package: ${elapsed()}`)
  const timer = setInterval(draw, TICK)
  if (output.isTerminal) draw()
  else output.say('building the package (npm run build)')
  const problem = await runBuild(signal)
  clearInterval(timer)
  output.status('')
  if (problem === undefined && output.isTerminal) output.say(output.paint('dim', `built the package in ${elapsed()}`))
  return problem
}

async function runBuild(signal) {
  const child = spawn('npm', ['run', '--silent', 'build'], { cwd: root, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += text))
  try {
    const [code] = await once(child, 'close')
    return code === 0 ? undefined : `${printed}the build has failed: npm run build`
  } catch (error) {
    return `the build cannot be started: ${error.message}`
  }
}
