import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { bare, ownEnvironment } from './bare.js'
import { Framework } from './frameworks.js'
import { PACKAGE_ROOT } from './release.js'

/** What Fastify's own tests load, and Fastify itself does not. */
const NEEDED = [
  'JSONStream@1',
  'ajv@8',
  'ajv-errors@3',
  'ajv-formats@3',
  'ajv-i18n@4',
  'ajv-merge-patch@5',
  'fast-json-body@1',
  'fastify-plugin@6',
  'fluent-json-schema@6',
  'h2url@0.2',
  'http-errors@2',
  'joi@18',
  'node-forge@1',
  'proxyquire@2',
  'split2@4',
  'vary@1',
  'yup@1'
]

/** The one that asks ESLint whether a generated file is up to date. */
const NOT_RUN = /build\/error-serializer/

const FIXTURES = join(PACKAGE_ROOT, 'test/fixtures/fastify-own')

/** One test of Fastify that failed. */
export interface Failure {
  /** Relative to Fastify's folder. */
  file: string
  name: string
  error: string
}

/** Fastify's own tests, which its package brings along. */
export class FastifyOwn {
  readonly missing: string | false
  readonly #folder: string
  readonly #node: string

  /**
   * @param version - of Fastify
   * @param undici - the version with which that Fastify tests
   * @param node - the binary
   */
  constructor(version: string, undici: string, node: string) {
    const packages = new Framework(`fastify-own-${version}`, `fastify@${version}`, `undici@${undici}`, ...NEEDED)
    this.missing = packages.missing
    this.#folder = packages.path('fastify')
    this.#node = node
  }

  /** All test files, relative to Fastify's folder. */
  get files(): string[] {
    return readdirSync(join(this.#folder, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.test\.m?js$/.test(file) && !NOT_RUN.test(file))
      .map((file) => join('test', file))
      .sort()
  }

  /**
   * Runs test files.
   *
   * @param registered - whether each app has the plugin
   * @param expected - names of tests whose failure does not count; most of them are not run
   * @returns how many tests there were, and which failed
   */
  async run(
    files: string[],
    registered: boolean,
    expected: string[] = []
  ): Promise<{ ran: number; failures: Failure[] }> {
    const place = await mkdtemp(join(tmpdir(), 'graceful-own-'))
    const results = join(place, 'results')
    const args = [
      ...(registered ? ['--require', join(FIXTURES, 'register.cjs')] : []),
      // A test that hangs is one that fails.
      ...['--test', '--test-concurrency=2', '--test-timeout=300000'],
      `--test-name-pattern=${noneOf(expected)}`,
      `--test-reporter=${join(FIXTURES, 'reporter.mjs')}`,
      `--test-reporter-destination=${results}`
    ]
    const command = bare(ownEnvironment(), this.#node, [...args, ...files])
    const child = spawn(...command, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] })
    const [, errors] = await Promise.all([once(child, 'close'), text(child.stderr)])
    const lines = (await readFile(results, 'utf8')).split('\n').filter(Boolean)
    await rm(place, { recursive: true })
    if (lines.length === 0) throw new Error(`node --test ran nothing: ${errors}`)
    const failures = lines
      .map((line) => JSON.parse(line) as Failure)
      .filter(({ name, error }) => error !== undefined && !expected.includes(name))
    return { ran: lines.length, failures }
  }
}

/**
 * The pattern for `--test-name-pattern` that all other names match:
 * https://nodejs.org/api/test.html#filtering-tests-by-name. In older versions of Node, all tests match whose parent
 * does, and each has the root as one.
 */
function noneOf(names: string[]): string {
  const exact = ['<root>', ...names].map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return `/^(?!(${exact.join('|')})$)/`
}
