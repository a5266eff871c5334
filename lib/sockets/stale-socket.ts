import { spawnSync } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { os } from '../util/os.js'

/** How long an answer may take. Milliseconds. */
const LIMIT = 5000

/** The answer if no process serves there. Any other answer means that one does, or that it is unknown. */
const STALE = 3

/**
 * Whether the path is a socket that nobody serves on. Only a connection attempt can tell, and `listen` has to know
 * before it returns: hence a thread of its own, which costs its start-up, once, and only where a path was left behind.
 * Where none may be started, a process of its own; not at first, as the executable need not be Node that would run
 * another script: https://nodejs.org/api/single-executable-applications.html, https://nodejs.org/api/permissions.html
 */
export function isStale(path: string): boolean {
  if (!os.stat(path)?.isSocket()) return false
  try {
    return askThread(path) === STALE
  } catch {
    return askProcess(path) === STALE
  }
}

/** @throws {Error} where no thread may be started */
function askThread(path: string): number {
  const answer = new Int32Array(new SharedArrayBuffer(4))
  // With none of the options of this process: what they load has no business here.
  const settings = { eval: true, workerData: { path, answer }, execArgv: [], env: {} }
  const worker = new Worker(IN_THREAD, settings).on('error', () => {}) // Without an answer it is unknown.
  worker.unref()
  Atomics.wait(answer, 0, 0, LIMIT)
  return Atomics.load(answer, 0)
}

function askProcess(path: string): number | null {
  if (os.isSingleExecutable()) return null
  const env = { ...process.env, NODE_OPTIONS: '' }
  return spawnSync(process.execPath, ['-e', IN_PROCESS, path], { env, stdio: 'ignore', timeout: LIMIT }).status
}

/**
 * A text and no file: an app that was bundled has no such file beside it.
 * https://man7.org/linux/man-pages/man2/connect.2.html
 */
const CONNECT = `
  const socket = require('node:net').connect(path)
  socket.on('connect', () => tell(${STALE + 1}))
  socket.on('error', (error) => tell(error.code === 'ECONNREFUSED' ? ${STALE} : ${STALE + 1}))
`

const IN_THREAD = `
  const { path, answer } = require('node:worker_threads').workerData
  const tell = (what) => {
    Atomics.store(answer, 0, what)
    Atomics.notify(answer, 0)
    socket.destroy()
  }
  ${CONNECT}`

const IN_PROCESS = `
  const [, path] = process.argv
  const tell = process.exit
  ${CONNECT}`
