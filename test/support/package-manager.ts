import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ownEnvironment } from './bare.js'
import type { Framework } from './frameworks.js'
import { PACKAGE_ROOT, type Release } from './release.js'

const run = promisify(execFile)

/** Installs this package as it is published, and Fastify, into a release with pnpm. */
export async function installWithPnpm(release: Release, pnpm: Framework): Promise<void> {
  await packInto(release)
  const store = join(pnpm.folder, 'store')
  const args = ['install', `--store-dir=${store}`, '--prefer-offline', '--ignore-scripts']
  await install(release, pnpm.path('pnpm', 'bin/pnpm.mjs'), args)
}

/** The same with Yarn, which leaves all packages in archives: https://yarnpkg.com/features/pnp */
export async function installWithYarn(release: Release, yarn: Framework): Promise<void> {
  await packInto(release)
  const settings = {
    nodeLinker: 'pnp',
    enableGlobalCache: true,
    enableImmutableInstalls: false,
    enableScripts: false,
    enableTelemetry: false,
    globalFolder: join(yarn.folder, 'global')
  }
  // YAML is a superset of JSON.
  await release.write('.yarnrc.yml', JSON.stringify(settings))
  await install(release, yarn.path('@yarnpkg/cli-dist', 'bin/yarn.js'), ['install'])
}

async function packInto(release: Release): Promise<void> {
  await rm(release.path('node_modules'), { recursive: true })
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', release.folder], { cwd: PACKAGE_ROOT })
  const { name, version } = require(join(PACKAGE_ROOT, 'package.json'))
  const dependencies = { fastify: '^5', [name]: `file:./${name}-${version}.tgz` }
  await release.write('package.json', JSON.stringify({ private: true, dependencies }))
}

async function install(release: Release, script: string, args: string[]): Promise<void> {
  await run(process.execPath, [script, ...args], { cwd: release.folder, env: ownEnvironment() })
}
