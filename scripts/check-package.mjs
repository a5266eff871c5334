// Checks the package as its users get it: packed, installed into an empty project, imported, compiled against, judged.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name) => join(root, 'node_modules', '.bin', name)
const installedVersion = (name) =>
  JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version

/** All that a tarball may hold. */
const WANTED =
  /^package\/(package\.json|control\.schema\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE|dist\/lib\/[\w/-]+\.d\.ts|dist\/package\/[\w/-]+\.js|docs\/[\w-]+\.(md|svg|png)|example\/[\w./-]+)$/

/** What must be in it. */
const NEEDED = [
  'dist/lib/index.d.ts',
  'dist/package/index.js',
  'control.schema.json',
  'CHANGELOG.md',
  'SECURITY.md',
  'docs/api.md',
  'docs/latency.svg',
  'example/minimal.mjs'
]

// Outside of the repository, so that nothing is found in its node_modules by accident.
const project = mkdtempSync(join(tmpdir(), 'fastify-graceful-reload-'))
let failed = 0
try {
  checkPackage()
} finally {
  rmSync(project, { recursive: true, force: true })
}
console.log(failed === 0 ? 'package check: all good' : `package check: ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function checkPackage() {
  if (!run('npm pack', 'npm', ['pack', '--pack-destination', project], root)) return
  const tarball = join(
    project,
    readdirSync(project).find((name) => name.endsWith('.tgz'))
  )
  step('the tarball holds what it should and nothing else', () => unwantedFiles(tarball))

  writeFileSync(join(project, 'package.json'), '{ "private": true }\n')
  const packages = [tarball, ...['fastify', '@types/node'].map((name) => `${name}@${installedVersion(name)}`)]
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  if (!run('install into an empty project', 'npm', ['install', '--prefix', project, ...quiet, ...packages])) return

  step('each link of its pages leads to a file in it', () =>
    deadLinks(join(project, 'node_modules/fastify-graceful-reload'))
  )

  for (const file of [...filesIn('scripts/consumer'), ...filesIn('types')])
    copyFileSync(file, join(project, basename(file)))
  run('ESM: default and named import', process.execPath, ['esm.mjs'])
  run('CommonJS: require', process.execPath, ['cjs.cjs'])
  // The first is the name of the package, so that npx finds it everywhere. The second is the short name.
  for (const name of ['fastify-graceful-reload', 'fastify-graceful'])
    run(`the command ${name}`, 'npx', ['--no-install', name, '--version'])
  run('TypeScript: nodenext, strict', bin('tsc'), ['--project', 'tsconfig.consumer.json'])
  run('publint', bin('publint'), ['run', tarball, '--strict'])
  run('are the types wrong', bin('attw'), [tarball, '--no-color', '--no-emoji'])
}

function filesIn(folder) {
  return readdirSync(join(root, folder)).map((name) => join(root, folder, name))
}

function unwantedFiles(tarball) {
  const { stdout, status } = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
  const names = stdout.split('\n').filter(Boolean)
  const lacking = NEEDED.filter((name) => !names.includes(`package/${name}`))
  if (status !== 0 || lacking.length > 0) return `no ${lacking.join(', no ')} in\n${stdout}`
  return names.filter((name) => !WANTED.test(name)).join('\n')
}

/**
 * Relative links in the Markdown files below a folder that lead to nothing. test/shape/docs.test.ts also checks the
 * headings.
 */
function deadLinks(folder) {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  const dead = pages.flatMap((page) => {
    const prose = readFileSync(join(folder, page), 'utf8')
      .replace(/^```.*?^```/gms, '')
      .replace(/`[^`\n]*`/g, '')
    const links = [...prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link]) => link)
    return links
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(folder, dirname(page), link)))
      .map((link) => `${page}: ${link}`)
  })
  return pages.length > 10 ? dead.join('\n') : `only ${pages.length} pages`
}

/** Runs a command as one step. What it printed is shown only if it failed. */
function run(title, command, args, cwd = project) {
  return step(title, () => {
    const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
      cwd,
      encoding: 'utf8',
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe']
    })
    return status === 0 ? '' : `${stdout ?? ''}${stderr ?? ''}\n${error ?? `exit ${status ?? signal}`}`
  })
}

function step(title, check) {
  const complaint = check()
  console.log(`${complaint === '' ? 'ok' : 'not ok'} - ${title}`)
  if (complaint === '') return true
  failed += 1
  console.log(complaint.replace(/^/gm, '    '))
  return false
}

/** `npm run` describes this package to its children; an npm in another project must not take that for its own. */
function cleanEnvironment() {
  const foreign = /^(npm_package_|npm_lifecycle_|npm_config_local_prefix$|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
