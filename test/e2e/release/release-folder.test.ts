import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HAS_PROC } from '../../support/fds.js'
import type { Line } from '../../support/output.js'
import { Release } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'
import { LAUNCHER, type Preparation, startServer } from '../../support/start.js'

t.jobs = 3

const OPTIONS = { options: { probation: 100 } }

async function addEntries(release: Release): Promise<void> {
  await mkdir(release.path('bin'))
  await release.write('index.js', await release.read('server.cjs'))
  // As a program that is installed globally does.
  await writeFile(release.path('../program.cjs'), `require(require('node:path').resolve('server.cjs'))`)
}

/** A server whose release folder is found through the link `current`, as in most deployments. */
class Deployment {
  readonly server: TestServer
  readonly #folder: string

  private constructor(server: TestServer, folder: string) {
    this.server = server
    this.#folder = folder
  }

  /** Starts with a command that is given the link and the folder behind it. */
  static async start(
    t: Test,
    begin: (link: string, behind: string) => Preparation,
    directory?: string,
    launcher?: string[]
  ): Promise<Deployment> {
    let folder = ''
    const prepare = async (release: Release, parent: string) => {
      folder = parent
      await symlink(release.folder, join(parent, 'current'))
      await addEntries(release)
      return begin(join(parent, 'current'), release.folder)
    }
    const config = { options: { ...OPTIONS.options, ...(directory !== undefined && { directory }) } }
    return new Deployment(await startServer(t, { config, prepare, ...(launcher && { launcher }) }), folder)
  }

  /** Makes a new release in its own folder and moves the link to it, in one step. */
  async deploy(name: string, directory?: string): Promise<Release> {
    const options = { ...OPTIONS.options, ...(directory !== undefined && { directory }) }
    const release = await Release.create(join(this.#folder, name), { options, release: name })
    await addEntries(release)
    await symlink(release.folder, join(this.#folder, 'next'))
    await rename(join(this.#folder, 'next'), join(this.#folder, 'current'))
    return release
  }

  /** Deletes a folder that is no longer in use. */
  async remove(release: Release): Promise<void> {
    await rm(release.folder, { recursive: true })
  }

  /** Reloads and returns which release the new generation has loaded, and from where. */
  async reload(generation: number) {
    await this.server.reload()
    const test = (line: { fixture?: string; generation?: number }) =>
      line.fixture === 'started' && line.generation === generation
    const { release, cwd, script } = await this.server.event({ what: `start of generation ${generation}`, test })
    return { release, cwd, script }
  }

  /** The first server of a generation that has loaded a release. */
  started(generation: number, name: string) {
    const test = ({ fixture, generation: its, release }: Line) =>
      fixture === 'started' && its === generation && release === name
    return this.server.event({ what: `start of ${name} as generation ${generation}`, test })
  }

  /** What the log says about successful reloads. */
  get successes(): unknown[] {
    return this.server.events('reload-succeeded').map(({ msg }) => msg)
  }

  get warnings(): unknown[] {
    return this.server.events('warning').map(({ warning }) => warning)
  }
}

/** A shell sets `PWD` to the path that it was given, with links. The process that it becomes inherits `PWD`. */
function fromFolder(folder: string, ...args: string[]) {
  return (link: string): Preparation => ({
    command: ['/bin/sh', '-c', `cd "$0" && exec "$@"`, join(link, folder), process.execPath, ...args]
  })
}

const STARTS: Record<string, (link: string, behind: string) => Preparation> = {
  'cd current && node server.cjs': fromFolder('.', 'server.cjs'),
  'cd current && node ./server.cjs': fromFolder('.', './server.cjs'),
  'cd current && node server.mjs': fromFolder('.', 'server.mjs'),
  'cd current && node .': fromFolder('.', '.'),
  'cd current && node index': fromFolder('.', 'index'),
  'cd current/bin && node ../server.cjs': fromFolder('bin', '../server.cjs'),
  'cd current && node /path/to/release/server.cjs': (link, behind) => fromFolder('.', join(behind, 'server.cjs'))(link),
  'cd current && node --import ./server.mjs -e 0': fromFolder('.', '--import', './server.mjs', '-e', '0'),
  'node /path/to/current/server.cjs': (link) => ({ cwd: '/', script: join(link, 'server.cjs') }),
  'cd / && node path/to/current/server.cjs': (link) => ({ cwd: '/', script: join(link.slice(1), 'server.cjs') })
}

for (const [how, begin] of Object.entries(STARTS)) {
  t.test(`${how}: a reload loads the release to which the link has moved`, async (t) => {
    const deployment = await Deployment.start(t, begin)
    const second = await deployment.deploy('B')
    t.match(await deployment.reload(2), { release: 'B' })
    await deployment.deploy('C')
    await Promise.all([deployment.server.release, second].map((old) => deployment.remove(old)))
    t.match(await deployment.reload(3), { release: 'C' }, 'also when the old folders are gone')
    t.match(await deployment.reload(4), { release: 'C' })
    t.strictSame(deployment.warnings, [])
    t.equal(await deployment.server.stop(), 0)
  })
}

/** systemd and supervisord enter the folder behind the link, and set no PWD. */
const BY_SUPERVISOR = (_link: string, behind: string): Preparation => ({
  command: ['/usr/bin/env', '-u', 'PWD', process.execPath, 'server.cjs'],
  cwd: behind
})

t.test(
  'option directory: a process that was not started through the link loads the release that it leads to',
  async (t) => {
    const deployment = await Deployment.start(t, BY_SUPERVISOR, '../current')
    await deployment.deploy('B', '../current')
    t.match(await deployment.reload(2), { release: 'B' })
    await deployment.deploy('C', '../current')
    t.match(await deployment.reload(3), { release: 'C' })
    t.match(deployment.successes, [/in \S+\/B$/, /in \S+\/C$/])
    await deployment.reload(4)
    t.match(deployment.successes[2], /in \S+\/C, same folder$/)
    t.strictSame(deployment.warnings, [])
    t.equal(await deployment.server.stop(), 0)
  }
)

t.test('without it, the same release is loaded again, and the log says so', async (t) => {
  const deployment = await Deployment.start(t, BY_SUPERVISOR)
  await deployment.deploy('B')
  t.match(await deployment.reload(2), { release: 'A' })
  t.match(deployment.warnings, [/current leads elsewhere, but the reload loaded .*release.server\.cjs again/])
  t.match(deployment.successes, [/in \S+\/release, same folder$/])
  t.equal(await deployment.server.stop(), 0)
})

t.test('--directory does it for the servers of a launcher, those started after a crash among them', async (t) => {
  const begin = (link: string, behind: string): Preparation => ({
    command: ['/usr/bin/env', '-u', 'PWD', process.execPath, LAUNCHER, '--directory', link, 'server.cjs'],
    cwd: behind
  })
  const deployment = await Deployment.start(t, begin, undefined, [])
  const { server } = deployment
  await deployment.deploy('B')
  t.match(await deployment.reload(2), { release: 'B' })
  await deployment.deploy('C')
  server.signal('SIGKILL', server.current)
  const { pid } = await deployment.started(2, 'C')
  // The file that watches a child for its parent may have been deleted with the release of that parent.
  if (HAS_PROC) t.notMatch(await readFile(`/proc/${pid}/environ`, 'utf8'), /boot-watch/)
  server.signal('SIGTERM', server.launcher)
  await server.waitFor(server.gone, 'end of all')
})

t.test('the log says so when the same release was loaded again from a link that has moved', async (t) => {
  const deployment = await Deployment.start(t, fromFolder('.', 'server.cjs'))
  const second = await deployment.deploy('B')
  await second.remove('server.cjs')
  await symlink(deployment.server.release.path('server.cjs'), second.path('server.cjs'))
  t.match(await deployment.reload(2), { release: 'A' })
  t.match(deployment.warnings, [/current leads elsewhere, but the reload loaded .*release.server\.cjs again/])
  t.equal(await deployment.server.stop(), 0)
})

t.test('a program outside of the release folder is no sign of an old release', async (t) => {
  const begin = (link: string, behind: string): Preparation => fromFolder('.', join(behind, '../program.cjs'))(link)
  const deployment = await Deployment.start(t, begin)
  await deployment.deploy('B')
  t.match(await deployment.reload(2), { release: 'B' })
  t.strictSame(deployment.warnings, [])
  t.equal(await deployment.server.stop(), 0)
})

t.test('PWD that names another directory is no guide', async (t) => {
  const begin = (_link: string, behind: string): Preparation => ({
    command: ['/usr/bin/env', 'PWD=/', process.execPath, 'server.cjs'],
    cwd: behind
  })
  const deployment = await Deployment.start(t, begin)
  t.match(await deployment.reload(2), { release: 'A' })
  t.equal(await deployment.server.stop(), 0)
})
