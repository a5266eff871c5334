import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cp, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { pidsWithMarker, survivorsOf } from '../../support/fds.js'
import { noNpm } from '../../support/npm.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { tempFolder } from '../../support/temp-folder.js'

// The demo as its users run it: `npm start`, which builds the package first. In a copy, because other tests use `dist`.

/** What the demo needs of the repository. */
const PARTS = ['lib', 'example', 'scripts', 'package.json', 'tsconfig.json']

/** Half a minute for the story, the rest for the build and for busy machines. Milliseconds. */
const LIMIT = 600_000

t.test(
  'npm start builds, reloads under load without a failure, and leaves nothing behind',
  { skip: noNpm },
  async (t) => {
    const copy = await tempFolder(t)
    const TMPDIR = await tempFolder(t)
    for (const part of PARTS) await cp(join(PACKAGE_ROOT, part), join(copy, part), { recursive: true })
    await symlink(join(PACKAGE_ROOT, 'node_modules'), join(copy, 'node_modules'))
    const marker = randomUUID()
    const env = { ...ownEnvironment(), DEMO_QUICK: '', NO_COLOR: '', FORCE_COLOR: '', TMPDIR, FIXTURE_MARKER: marker }

    const { code, stdout, stderr } = await run(copy, bare(env, 'npm', ['start', '--no-update-notifier']))
    t.equal(code, 0, stdout + stderr)
    t.match(stdout, /^Both get 5 new releases: .*\n.*about half a minute\.\n\nbuilding the package \(npm run build\)$/m)
    t.ok((await readdir(join(copy, 'dist/package'))).includes('index.js'), 'the build was a real one')
    t.equal(stdout.match(/ reload +pid \d+ took over in \d+ ms, .*; 0 failed$/gm)?.length, 3)
    t.equal(stdout.match(/ reload +(refused|rolled back), GRACEFUL_ERR_.*; 0 failed$/gm)?.length, 2)
    t.equal(stdout.match(/ restart +down for [\d.]+ s.*; [1-9][\d,]* failed$/gm)?.length, 5)
    t.match(stdout, /\n0 of [\d,]+ requests failed in 5 reloads; the plain restarts lost [1-9][\d,]*\n$/)
    t.strictSame(await survivorsOf(() => pidsWithMarker(`FIXTURE_MARKER=${marker}`)), [])
    const own = (name: string) => name.startsWith('fastify-graceful-reload')
    t.strictSame((await readdir(TMPDIR)).filter(own), [])
  }
)

function run(cwd: string, command: [file: string, args: string[]]) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(...command, { cwd, timeout: LIMIT }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr })
    })
  })
}
