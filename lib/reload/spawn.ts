import type { AppDescriptors } from '../process/descriptors.js'
import { Envelope } from '../process/envelope.js'
import type { StartChild } from './child.js'
import { encodeHandoff, entriesAt } from './handoff-flag.js'
import { SpawnedChild } from './spawned-child.js'

/**
 * Starts the child of a reload as a child process of this one, which is its parent in both meanings of the word.
 *
 * @param isCheck - it is only to show whether it could take over
 */
export function spawnChild(descriptors: AppDescriptors, isCheck = false): StartChild {
  return (command, generation, inherited, hear) => {
    const places = descriptors.placesFor(inherited.length)
    const entries = entriesAt(
      places,
      inherited.map(([listener]) => listener)
    )
    const sockets = inherited.map(([, fd]) => fd)
    const secret = Envelope.newSecret()
    const flag = encodeHandoff(process.pid, generation, secret, entries, descriptors.keptBeside(sockets), isCheck)
    return SpawnedChild.start(command, flag, new Envelope(secret), { sockets, descriptors }, hear)
  }
}
