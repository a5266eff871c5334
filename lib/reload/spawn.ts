import { Envelope } from '../process/envelope.js'
import type { StartChild } from './child.js'
import { encodeHandoff, FIRST_LISTENER_FD } from './handoff.js'
import { SpawnedChild } from './spawned-child.js'

/** Starts the child of a reload as a child process of this one, which is its parent in both meanings of the word. */
export const spawnChild: StartChild = (command, generation, inherited, hear) => {
  const entries = inherited.map(([{ key, address, activated }], index) => ({
    fd: FIRST_LISTENER_FD + index,
    key,
    address,
    ...(activated === true && { activated })
  }))
  const fds = inherited.map(([, fd]) => fd)
  const secret = Envelope.newSecret()
  const flag = encodeHandoff(process.pid, generation, secret, entries)
  return SpawnedChild.start(command, flag, new Envelope(secret), fds, hear)
}
