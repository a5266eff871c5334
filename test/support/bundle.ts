import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { PACKAGE_ROOT, type Release } from './release.js'

export type Format = 'cjs' | 'esm'

/** An ES module has no `require`, which most packages need: https://esbuild.github.io/api/#platform */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** Makes one file of the fixture server, the plugin, Fastify and all that they need; returns its path. There are no packages beside it then. */
export async function bundleRelease(release: Release, format: Format): Promise<string> {
  const outfile = release.path(format === 'esm' ? 'bundle.mjs' : 'bundle.cjs')
  // An ES module has no `__dirname` either.
  const app = await release.read('app.cjs')
  await release.write('app.cjs', app.replaceAll('__dirname', 'path.dirname(process.argv[1])'))
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
  await rm(release.path('node_modules'), { recursive: true })
  return outfile
}
