import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../test/support/free-port.js'
import { installOnce } from '../test/support/install.js'
import { programOf } from './apps/programs.js'
import { askOnce } from './ask-once.js'
import type { Party, Service } from './party.js'

const VERSION = '7'
const INSTANCES = 2
/** How long the instances may take until all of them have answered. Milliseconds. */
const LIMIT = 30_000

/** `pm2 reload` in cluster mode, or undefined where pm2 cannot be installed. */
export function installPm2(root: string): Party | undefined {
  const command = pm2Command(root)
  if (command === undefined) return undefined
  const { version } = JSON.parse(readFileSync(join(command, '../../package.json'), 'utf8'))
  return { name: `pm2 ${version}`, variant: 'close-with-grace', start: () => start(command) }
}

/** The script of pm2, installed if need be; undefined where that cannot be. npm keeps it until the next `npm ci`. */
export function pm2Command(root: string): string | undefined {
  const folder = join(root, 'node_modules', '.cache', 'bench', `pm2-${VERSION}`)
  const command = join(folder, 'node_modules', 'pm2', 'bin', 'pm2')
  return installOnce(folder, [`pm2@${VERSION}`]) ? command : undefined
}

async function start(command: string): Promise<Service> {
  const home = mkdtempSync(join(tmpdir(), 'bench-pm2-'))
  const port = await freePort()
  const added = { PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: 'true' }
  const env = { ...process.env, ...added, BENCH_PORT: String(port) }
  const pm2 = (...args: string[]) => run(command, args, env)
  const stop = async () => {
    const daemon = Number(readFileSync(join(home, 'pm2.pid'), 'utf8'))
    await pm2('kill').catch(() => process.kill(daemon)) // On SIGTERM the daemon ends its instances too.
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await pm2('start', programOf('close-with-grace'), '--name', 'app', '--instances', String(INSTANCES))
    await allAnswer(port)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    port,
    async reload() {
      const begun = performance.now()
      await pm2('reload', 'app')
      return performance.now() - begun
    },
    stop
  }
}

async function run(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(process.execPath, [command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => output.push(bytes))
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`pm2 ${args[0]}: exit ${code}\n${Buffer.concat(output)}`)
}

/** `pm2 start` does not wait until the instances listen. */
async function allAnswer(port: number): Promise<void> {
  const seen = new Set<number>()
  for (const limit = performance.now() + LIMIT; seen.size < INSTANCES; ) {
    if (performance.now() > limit) throw new Error(`${seen.size} of ${INSTANCES} instances answered in ${LIMIT} ms`)
    try {
      const { pid } = (await askOnce(port, '/pid')) as { pid: number }
      seen.add(pid)
    } catch {
      await delay(50) // Refused: none of them listens yet.
    }
  }
}
