// Runs an example in its own network. It takes no port of this machine, and leaves nothing behind.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { playStory } from './story.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Starts a program as root in its own namespaces (network, mounts, processes). All of that ends with the program. */
const UNSHARE = [
  ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])
]

/**
 * Runs the story of an example, and sets the exit code of this process.
 *
 * @param script - the file that calls this; it is started again inside
 * @param ProxyClass - starts and changes the proxy
 */
export async function runExample(script, ProxyClass) {
  // Where Debian has the proxies; only root looks there by default.
  process.env.PATH += ':/usr/sbin:/sbin'
  const [mode, folder] = process.argv.slice(2)
  if (mode === 'inside') return playInside(folder, ProxyClass)
  checkPrograms(ProxyClass.program)
  build()
  const path = await mkdtemp(join(tmpdir(), 'graceful-proxy-'))
  try {
    process.exitCode = await startInside(script, path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

async function startInside(script, folder) {
  const args = [...UNSHARE, process.execPath, fileURLToPath(script), 'inside', folder]
  const child = spawn('unshare', args, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGKILL'))
  const [code] = await once(child, 'exit')
  return code ?? 1
}

async function playInside(folder, ProxyClass) {
  process.exit((await playStory(folder, ProxyClass)) ? 0 : 1)
}

function checkPrograms(proxy) {
  if (process.platform !== 'linux') fail('this example needs Linux: its machines are network namespaces')
  for (const [program, option, apt] of [
    [proxy, '-v', proxy],
    ['ip', '-V', 'iproute2'],
    ['unshare', '-V', 'util-linux']
  ]) {
    if (spawnSync(program, [option]).status !== 0) fail(`${program} is not installed: apt-get install ${apt}`)
  }
  const { status, stderr } = spawnSync('unshare', [...UNSHARE, 'true'], { encoding: 'utf8' })
  if (status !== 0)
    fail(`this system does not let you make network namespaces; root may be allowed to: ${stderr.trim()}`)
}

/** In a fresh clone: installs the packages, and compiles the plugin. */
function build() {
  const run = (...args) => {
    if (spawnSync('npm', args, { cwd: ROOT, stdio: 'inherit' }).status !== 0) fail(`npm ${args.join(' ')} has failed`)
  }
  if (!existsSync(join(ROOT, 'node_modules/fastify'))) run('ci')
  if (!existsSync(join(ROOT, 'dist/package/index.js'))) run('run', 'build')
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
