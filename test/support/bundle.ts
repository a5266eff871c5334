import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { Framework } from './frameworks.js'
import { PACKAGE_ROOT, type Release } from './release.js'

export type Format = 'cjs' | 'esm'

/** An ES module has no `require`, which most packages need: https://esbuild.github.io/api/#platform */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** The executable of a single executable application; otherwise the script of the release. */
type Start = 'process.argv[1]' | 'process.execPath'

/** Makes one file of the fixture server, the plugin, Fastify and all that they need, by esbuild; returns its path. */
export async function bundleRelease(
  release: Release,
  format: Format,
  start: Start = 'process.argv[1]'
): Promise<string> {
  const outfile = release.path(format === 'esm' ? 'bundle.mjs' : 'bundle.cjs')
  await readConfigBeside(release, start)
  await build({
    entryPoints: [release.path('server.cjs')],
    outfile,
    bundle: true,
    platform: 'node',
    format,
    nodePaths: [join(PACKAGE_ROOT, 'node_modules')],
    logLevel: 'silent',
    ...(format === 'esm' && { banner: { js: REQUIRE } })
  })
  return outfile
}

/** The same by ncc, which finds the packages of the release as Node does. */
export async function compileRelease(release: Release, ncc: Framework): Promise<string> {
  await readConfigBeside(release, 'process.argv[1]')
  const args = [ncc.path('@vercel/ncc', 'dist/ncc/cli.js'), 'build', release.path('server.cjs'), '--no-cache']
  await promisify(execFile)(process.execPath, [...args, '--out', release.folder], { cwd: release.folder })
  return release.path('index.cjs')
}

/** An ES module has no `__dirname`. The folder in which a bundler finds a file is not the folder of the release. */
async function readConfigBeside(release: Release, start: Start): Promise<void> {
  const app = await release.read('app.cjs')
  await release.write('app.cjs', app.replaceAll('__dirname', `path.dirname(${start})`))
}
