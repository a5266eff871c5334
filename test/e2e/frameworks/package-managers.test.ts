import t from 'tap'
import { Framework } from '../../support/frameworks.js'
import { installWithPnpm, installWithYarn } from '../../support/package-manager.js'
import type { Release } from '../../support/release.js'
import { type Preparation, startServer } from '../../support/start.js'

// Where packages are links, or lie in archives that only a patched Node can read, a child must find what its parent has
// found.

t.setTimeout(300_000)

const pnpm = new Framework('pnpm', 'pnpm@12')
const yarn = new Framework('yarn', '@yarnpkg/cli-dist@4')

interface Way {
  name: string
  missing: string | false
  install: (release: Release) => Promise<void>
  command: (release: Release) => Preparation['command'] & object
  isLaunched?: boolean
}

const withPnpm = { missing: pnpm.missing, install: (release: Release) => installWithPnpm(release, pnpm) }
const withYarn = { missing: yarn.missing, install: (release: Release) => installWithYarn(release, yarn) }
const node = process.execPath

/** In this way, `yarn run` and `yarn node` tell a process about the archives. Without Yarn, `-r ./.pnp.cjs` does it. */
const asYarnDoes = (release: Release) =>
  `NODE_OPTIONS=--require ${release.path('.pnp.cjs')} --experimental-loader file://${release.path('.pnp.loader.mjs')}`

const BIN =
  'require.resolve("fastify-graceful-reload/package.json").replace(/package.json$/, "dist/package/cli/bin.js")'
const LAUNCH = `process.argv.splice(1, 0, ${BIN}); require(process.argv[1])`

const WAYS: Way[] = [
  { name: 'pnpm', ...withPnpm, command: () => [node, 'server.cjs'] },
  {
    name: 'pnpm, with the launcher',
    ...withPnpm,
    command: () => ['node_modules/.bin/fastify-graceful-reload', 'server.cjs'],
    isLaunched: true
  },
  { name: 'Yarn PnP', ...withYarn, command: () => [node, '-r', './.pnp.cjs', 'server.cjs'] },
  {
    name: 'Yarn PnP, with the launcher',
    ...withYarn,
    command: (release) => ['env', asYarnDoes(release), node, '-e', LAUNCH, 'server.cjs'],
    isLaunched: true
  }
]

for (const { name, missing, install, command, isLaunched = false } of WAYS) {
  t.test(
    `an app that was installed with ${name} reloads, and tells why a release cannot boot`,
    { skip: missing },
    async (t) => {
      const server = await startServer(t, {
        ...(isLaunched && { launcher: [] }),
        prepare: async (release) => {
          await install(release)
          return { command: command(release) }
        }
      })
      for (const generation of [2, 3]) {
        await server.release.configure({ release: `R${generation}` })
        const child = await server.reload()
        t.match(await server.eventOf(child, 'started'), { release: `R${generation}`, generation })
      }
      const script = await server.release.read('server.cjs')
      await server.release.write('server.cjs', `require('not-installed')\n${script}`)
      server.signal('SIGHUP', server.addressee)
      const { err } = await server.event('reload-failed')
      t.match(err, { code: 'GRACEFUL_ERR_CHILD_EXITED', message: /not-installed/ })
      t.strictSame(server.events('warning'), [])
      t.equal(await server.stop(), 0)
    }
  )
}
