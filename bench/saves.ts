import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../test/support/free-port.js'
import { installOnce } from '../test/support/install.js'
import { askOnce } from './ask-once.js'
import { longestGap } from './observation.js'
import { LIMIT, Page, POLL } from './page.js'

/** What restarts or reloads an app when a file of it is saved. */
export interface Watcher {
  readonly name: string
  /** The arguments of Node. */
  readonly args: readonly string[]
  /** Whether the app has the plugin. */
  readonly hasPlugin: boolean
}

/** What a page saw of one save. */
export interface Save {
  requests: number
  failed: number
  /** From the save to the first answer by the new code. Milliseconds. */
  time: number
  /** The longest time without an answer. Milliseconds. */
  gap: number
}

/** All saves of one watcher. */
export interface Saves {
  watcher: Watcher
  saves: Save[]
}

/** In each round. */
export const SAVES = 3
/** For how long the page asks before a save, and after the first answer by the new code. Milliseconds. */
const QUIET = 700
const ROOT = join(__dirname, '..', '..')
const TSX = '4'

const APP = `
import Fastify from 'fastify'
import { version } from './routes/version.mjs'
const app = Fastify()
if (process.env.BENCH_PLUGIN) app.register((await import('fastify-graceful-reload')).default)
app.get('/', async () => ({ version }))
await app.listen({ port: Number(process.env.BENCH_PORT), host: '127.0.0.1' })
`

/** Those that are compared; `tsx` is left out where it cannot be installed. */
export function watchers(): Watcher[] {
  const folder = join(ROOT, 'node_modules', '.cache', 'bench', `tsx-${TSX}`)
  const tsx = installOnce(folder, [`tsx@${TSX}`]) ? join(folder, 'node_modules', 'tsx') : undefined
  const { version } = tsx === undefined ? {} : JSON.parse(readFileSync(join(tsx, 'package.json'), 'utf8'))
  return [
    { name: 'node --watch', args: ['--watch'], hasPlugin: false },
    ...(tsx === undefined
      ? []
      : [{ name: `tsx ${version} watch`, args: [join(tsx, 'dist/cli.mjs'), 'watch'], hasPlugin: false }]),
    { name: 'this launcher', args: [join(__dirname, '..', 'package', 'cli', 'bin.js'), '--watch'], hasPlugin: true }
  ]
}

/** Measures, `rounds` times, what a page sees when files are saved. The watchers take turns, and who begins rotates. */
export async function benchSaves(rounds: number): Promise<Saves[]> {
  const results = watchers().map((watcher): Saves => ({ watcher, saves: [] }))
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < results.length; turn += 1) {
      const result = results[(round + turn) % results.length] as Saves
      const saves = await runRound(result.watcher)
      result.saves.push(...saves)
      const each = saves.map(({ failed, time }) => `${failed} failed, ${Math.round(time)} ms`).join('; ')
      console.log(`saves, round ${round + 1} of ${rounds}: ${result.watcher.name}: ${each}`)
    }
  }
  return results
}

async function runRound(watcher: Watcher): Promise<Save[]> {
  const folder = createApp()
  const port = await freePort()
  const own = watcher.hasPlugin ? { BENCH_PLUGIN: '1' } : {}
  const child = spawn(process.execPath, [...watcher.args, 'server.mjs'], {
    cwd: folder,
    env: { ...process.env, ...own, BENCH_PORT: String(port) },
    stdio: 'ignore'
  })
  try {
    await untilVersion(port, 0)
    // A watcher may begin to watch a moment after the app listens.
    await delay(QUIET)
    const saves: Save[] = []
    for (let version = 1; version <= SAVES; version += 1) saves.push(await watchSave(folder, port, version))
    return saves
  } finally {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Not in node_modules, which is not watched. */
function createApp(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-saves-'))
  mkdirSync(join(folder, 'node_modules'))
  mkdirSync(join(folder, 'routes'))
  symlinkSync(ROOT, join(folder, 'node_modules', 'fastify-graceful-reload'))
  symlinkSync(join(ROOT, 'node_modules', 'fastify'), join(folder, 'node_modules', 'fastify'))
  writeFileSync(join(folder, 'package.json'), '{}')
  writeFileSync(join(folder, 'server.mjs'), APP)
  save(folder, 0)
  return folder
}

function save(folder: string, version: number): void {
  writeFileSync(join(folder, 'routes', 'version.mjs'), `export const version = ${version}\n`)
}

async function watchSave(folder: string, port: number, version: number): Promise<Save> {
  const page = new Page(port)
  await delay(QUIET)
  const saved = performance.now()
  save(folder, version)
  const seen = await page.sees(version)
  await delay(QUIET)
  await page.close()
  const gap = longestGap(page.answers, { from: saved, to: seen + QUIET })
  return { requests: page.answers.length + page.failed, failed: page.failed, time: seen - saved, gap }
}

async function untilVersion(port: number, expected: number): Promise<void> {
  for (const limit = performance.now() + LIMIT; performance.now() < limit; await delay(POLL)) {
    try {
      const { version } = (await askOnce(port, '/')) as { version: number }
      if (version === expected) return
    } catch {
      // Refused: nothing listens yet.
    }
  }
  throw new Error(`nobody answered on port ${port} within ${LIMIT} ms`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
