import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { bundleRelease } from './bundle.js'
import type { Framework } from './frameworks.js'
import type { Release } from './release.js'

/** Marks a Node that has nothing in it yet: https://nodejs.org/api/single-executable-applications.html */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

const run = promisify(execFile)

/** Makes one executable of the fixture server and a Node that needs another program for that; returns its path. */
export async function injectRelease(release: Release, node: string, postject: Framework): Promise<string> {
  const file = release.path('server')
  await configure(release, 'server.blob')
  await run(node, ['--experimental-sea-config', 'sea.json'], { cwd: release.folder })
  await copyFile(node, file)
  const args = [file, 'NODE_SEA_BLOB', release.path('server.blob'), '--sentinel-fuse', FUSE]
  await run(process.execPath, [postject.path('postject', 'dist/cli.js'), ...args])
  return file
}

/** The same with a Node that can do so itself, from 25.5 on. */
export async function buildRelease(release: Release, node: string): Promise<string> {
  await configure(release, 'server')
  await run(node, ['--build-sea', 'sea.json'], { cwd: release.folder })
  return release.path('server')
}

async function configure(release: Release, output: string): Promise<void> {
  const main = await bundleRelease(release, 'cjs', 'process.execPath')
  // A built-in option of Node is not among the arguments. Before 24.6 Node does not look at it.
  const config = { main, output, disableExperimentalSEAWarning: true, execArgv: ['--no-deprecation'] }
  await release.write('sea.json', JSON.stringify(config))
}
