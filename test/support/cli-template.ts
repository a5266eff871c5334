import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ownEnvironment } from './bare.js'
import type { Framework } from './frameworks.js'
import { PACKAGE_ROOT, type Release } from './release.js'

/** A project as `fastify generate` makes it. */
export interface Template {
  name: string
  /** Options of `fastify generate`. */
  options: string[]
  /** The file that is added, and its text. */
  plugin: [file: string, text: string]
}

const COMMONJS = `'use strict'
const fp = require('fastify-plugin')
module.exports = fp(async (fastify) => {
  fastify.register(require('fastify-graceful-reload'))
})`

/** The one that the documentation shows. */
const MODULE = readFileSync(join(PACKAGE_ROOT, 'example/fastify-cli-plugin.mjs'), 'utf8')

export const TEMPLATES: Template[] = [
  { name: 'JavaScript', options: [], plugin: ['plugins/graceful.js', COMMONJS] },
  { name: 'ES modules', options: ['--esm'], plugin: ['plugins/graceful.js', MODULE] },
  { name: 'TypeScript', options: ['--lang=ts'], plugin: ['src/plugins/graceful.ts', MODULE] }
]

const run = promisify(execFile)

/**
 * Makes a project of a template in the folder `app` of a release, adds this plugin, and builds it; returns its command
 * `start`.
 */
export async function generate(release: Release, { options, plugin }: Template, cli: Framework): Promise<string[]> {
  const command = cli.path('fastify-cli', 'cli.js')
  const env = ownEnvironment()
  await run(process.execPath, [command, 'generate', 'app', ...options], { cwd: release.folder, env })
  await rm(release.path('node_modules'), { recursive: true })
  await symlink(join(cli.folder, 'node_modules'), release.path('node_modules'))
  const [file, text] = plugin
  await release.write(join('app', file), text)
  const { scripts } = JSON.parse(await release.read('app/package.json'))
  const cwd = release.path('app')
  // Without the option, the templates cannot be compiled with the TypeScript that they ask for.
  const build = [cli.path('typescript', 'bin/tsc'), '--rootDir', 'src']
  if ('build:ts' in scripts) await run(process.execPath, build, { cwd, env })
  const [, ...args] = scripts.start.split(' && ').at(-1).split(' ')
  return [command, ...args]
}

/** Lets the packages of a template be found beside this one. */
export async function linkPlugin(cli: Framework): Promise<void> {
  await symlink(PACKAGE_ROOT, join(cli.folder, 'node_modules/fastify-graceful-reload')).catch(() => {})
}
