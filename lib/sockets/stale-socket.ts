import { Worker } from 'node:worker_threads'
import { os } from '../util/os.js'

/** How long an answer may take. Milliseconds. */
const LIMIT = 5000

/** What the thread answers; 0 is none. */
const STALE = 1

/**
 * Whether the path is a socket that nobody serves on. Only a connection attempt can tell, and `listen` has to know before it returns:
 * hence a thread of its own, which costs its start-up, once, and only where a path was left behind. An executable need not be Node that
 * would run another script: https://nodejs.org/api/single-executable-applications.html
 */
export function isStale(path: string): boolean {
  if (!os.stat(path)?.isSocket()) return false
  const answer = new Int32Array(new SharedArrayBuffer(4))
  // With none of the options of this process: what they load has no business here.
  const settings = { eval: true, workerData: { path, answer }, execArgv: [], env: {} }
  const worker = new Worker(PROBE, settings).on('error', () => {}) // Without an answer it cannot be told.
  worker.unref()
  Atomics.wait(answer, 0, 0, LIMIT)
  return Atomics.load(answer, 0) === STALE
}

/**
 * Answers 1 if nobody serves on the unix socket, 2 if somebody does or it cannot be told. A text and no file: an app that was bundled
 * has no such file beside it. https://man7.org/linux/man-pages/man2/connect.2.html, ECONNREFUSED
 */
const PROBE = `
  const { path, answer } = require('node:worker_threads').workerData
  const socket = require('node:net').connect(path)
  const tell = (what) => {
    Atomics.store(answer, 0, what)
    Atomics.notify(answer, 0)
    socket.destroy()
  }
  socket.on('connect', () => tell(2))
  socket.on('error', (error) => tell(error.code === 'ECONNREFUSED' ? 1 : 2))
`
