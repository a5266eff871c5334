import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bare, ownEnvironment } from './bare.js'
import { WAIT_LIMIT } from './limit.js'
import { PACKAGE_ROOT } from './release.js'
import type { TestServer } from './server.js'
import { LAUNCHER, launchServer } from './start.js'

/** A release that is well. */
const GOOD = `const Fastify = require('fastify')
const graceful = require('fastify-graceful-reload')
const app = Fastify({ logger: true })
app.register(graceful, { probation: 1000, health: { leastAnswers: 5 } })
app.get('/', async () => 'hello')
app.post('/reports/:month', async () => 'done')
app.listen({ port: Number(process.env.PORT ?? 0), host: '127.0.0.1' })
`

/** What other releases have in its place. */
const TEXTS = {
  good: GOOD,
  /** One that does not boot. */
  'no boot': `if (!process.env.DATABASE_URL) throw new Error('DATABASE_URL is not set')\n${GOOD}`,
  /** One that answers every request with an error. */
  errors: GOOD.replace("async () => 'hello'", "async () => { throw new Error('no such table: users') }")
}

export type ReleaseKind = keyof typeof TEXTS

const PID = /\b((?:pid|child|process|launcher)"?:? *)(\d{2,})\b/g
const PIDS = /\b(pids +)([\d, ]+)$/gm
const DURATION = '(?:\\d+ (?:d|h|min) )?[\\d.]+ (?:ms|s|min|h)'

/** Steps that may be over before anybody has looked. */
const SHORT_STEP =
  /^booting\n|^(preparing|handing over|confirming|checking|ending|cancelling|rolling back)(, child \d+)?\n/gm

/** The parts that differ each time, and what replaces them. */
const MADE_UP: ReadonlyArray<readonly [pattern: RegExp, stable: string]> = [
  [/^ +at .*node:.*\n/gm, ''], // Where in Node is another matter in each version.
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-11-27T12:00:00.000Z'],
  [new RegExp(`\\b(boot +)${DURATION}`, 'g'), '$1312 ms'],
  [new RegExp(`\\b(handoff +)${DURATION}`, 'g'), '$13 ms'],
  [new RegExp(`\\b(probation +)${DURATION}`, 'g'), '$11.0 s'],
  [new RegExp(`\\b(total +|after |took +)${DURATION}`, 'g'), '$11.3 s'],
  [new RegExp(`\\b(uptime +)${DURATION}`, 'g'), '$12 h 10 min'],
  [new RegExp(`${DURATION}(?= ago)`, 'g'), '4.2 s'],
  [new RegExp(`\\b(for )${DURATION}`, 'g'), '$12.1 s'],
  [new RegExp(`\\b(in )${DURATION}`, 'g'), '$14 min 58 s'],
  [new RegExp(`\\b(end +)${DURATION}`, 'g'), '$127 ms'],
  [/\b(memory +)[\d.]+ MB/g, '$168.1 MB'],
  [/\b(of it )[\d.]+ MB/g, '$114.9 MB'],
  [/\banswered \d+ of \d+ /g, 'answered 62 of 62 '],
  [/\(its parent: 0 of \d+\)/g, '(its parent: 0 of 410)'],
  [/\b127\.0\.0\.1:\d+/g, '127.0.0.1:3000'],
  [new RegExp(process.version.replaceAll('.', '\\.'), 'g'), 'v24.1.0']
]

/**
 * A service with a launcher and a folder for each release, as docs/operations.md has it in /srv/app, and its
 * administrator.
 */
export class Operated {
  readonly server: TestServer
  readonly #folder: string
  readonly #names = new Map<string, string>()

  private constructor(server: TestServer, folder: string) {
    this.server = server
    this.#folder = folder
  }

  /** Starts release 41. */
  static async start(t: Test): Promise<Operated> {
    let root = ''
    const server = await launchServer(t, {
      prepare: async (_release, folder) => {
        root = join(folder, 'app')
        await mkdir(join(root, 'node_modules'), { recursive: true })
        for (const [name, to] of [
          ['fastify-graceful-reload', PACKAGE_ROOT],
          ['fastify', join(PACKAGE_ROOT, 'node_modules/fastify')]
        ] as const)
          await symlink(to, join(root, 'node_modules', name))
        await unpack(root, 41, 'good')
        await addPrograms(root)
        await symlink('releases/41', join(root, 'current'))
        const options = ['--directory', join(root, 'current'), '--control', join(root, 'control.sock')]
        return { cwd: root, command: [process.execPath, LAUNCHER, ...options, 'server.js'] }
      }
    })
    await server.serving(1)
    return new Operated(server, root)
  }

  get control(): string {
    return join(this.#folder, 'control.sock')
  }

  /** Unpacks a release. */
  unpack(release: number, kind: ReleaseKind = 'good'): Promise<void> {
    return unpack(this.#folder, release, kind)
  }

  /**
   * What a line of the shell prints in /srv/app, as it would there: with other pids, times and paths, the same each
   * time.
   */
  async shell(line: string): Promise<string> {
    const own = ownEnvironment()
    const env = { ...own, PATH: `${this.#folder}/bin:${own.PATH}`, FASTIFY_GRACEFUL_CONTROL: this.control }
    const command = bare(env, '/bin/sh', ['-c', `{ ${line}\n} 2>&1`])
    const printed = await new Promise<string>((resolve) => {
      execFile(...command, { cwd: this.#folder, timeout: WAIT_LIMIT }, (_error, stdout) => resolve(stdout))
    })
    return this.#plain(printed)
  }

  #plain(text: string): string {
    const withNames = text
      .replaceAll(this.#folder, '/srv/app')
      .replace(SHORT_STEP, '')
      .replace(PID, (_all, before, pid) => `${before}${this.#nameOf(pid)}`)
      .replace(
        PIDS,
        (_all, before, pids) =>
          `${before}${pids
            .split(', ')
            .map((pid: string) => this.#nameOf(pid))
            .join(', ')}`
      )
    return MADE_UP.reduce((plain, [pattern, stable]) => plain.replace(pattern, stable), withNames)
  }

  #nameOf(pid: string): string {
    const name = this.#names.get(pid) ?? String(8100 + this.#names.size)
    this.#names.set(pid, name)
    return name
  }
}

/** The command of this package, and the script that deploys. */
async function addPrograms(root: string): Promise<void> {
  await mkdir(join(root, 'bin'))
  const command = `#!/bin/sh\nexec '${process.execPath}' '${LAUNCHER}' "$@"\n`
  await writeFile(join(root, 'bin/fastify-graceful-reload'), command, { mode: 0o755 })
  const script = await readFile(join(PACKAGE_ROOT, 'example/deploy/deploy.sh'), 'utf8')
  await writeFile(join(root, 'deploy.sh'), script.replaceAll('/srv/app', root))
}

async function unpack(root: string, release: number, kind: ReleaseKind): Promise<void> {
  const folder = join(root, 'releases', String(release))
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'shop', version: `1.${release}.0` }))
  await writeFile(join(folder, 'server.js'), TEXTS[kind])
}
