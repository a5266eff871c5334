import { isMainThread } from 'node:worker_threads'
import { type ActivatedSocket, decodeActivation } from './activation-match.js'
import { listeningAddress } from './socket-table.js'

/** What the service manager passed to this process. */
export interface PassedSockets {
  sockets: ActivatedSocket[]
  /** What cannot be used, a sentence for each. */
  problems: string[]
}

/** The variables of the protocol. They are for one process: a process that it starts must not take them for its own. */
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']

/**
 * Takes the sockets of a socket activation, and the variables that describe them out of the environment. The
 * descriptors stay as they are: not open in any process to come, since Node gives those that it inherited FD_CLOEXEC
 * when it starts.
 *
 * @param pid - of this process; sockets that are meant for another one are left alone
 */
export function takeActivation(env: NodeJS.ProcessEnv, pid: number): PassedSockets {
  const passed: PassedSockets = { sockets: [], problems: [] }
  // A worker thread has the pid and the descriptors of the process.
  if (env.LISTEN_PID !== String(pid) || !isMainThread) return passed
  try {
    for (const { fd, name } of decodeActivation(env, pid)) {
      const address = listeningAddress(fd)
      if (typeof address === 'object') passed.sockets.push({ fd, name, address })
      else passed.problems.push(`the descriptor ${fd} ("${name}") that the service manager passed is ${what(address)}`)
    }
  } catch (error) {
    passed.problems.push(`the service manager passed no sockets: ${(error as Error).message}`)
  }
  for (const name of VARIABLES) delete env[name]
  return passed
}

function what(found: 'not listening' | 'unknown'): string {
  if (found === 'not listening') return 'no listening stream socket, and ignored'
  return 'no TCP or unix socket of this network namespace (PrivateNetwork=?), and ignored'
}
