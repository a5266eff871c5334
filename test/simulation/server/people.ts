import type { ChildId } from '../../../lib/protocol/server.js'
import type { Process, World } from './world.js'

/** The roles of the processes in a world. */

export function processOf(world: World, id: number): Process | undefined {
  return world.processes[id - 1]
}

export function childOf(world: World, parent: Process, child: ChildId): Process | undefined {
  for (const process of world.processes) if (process.parent === parent.id && process.child === child) return process
  return undefined
}

export const lives = (process: Process): boolean => process.life !== 'over'

/** Whether it has nothing more to do, be it that something else keeps it alive. */
export const hasClosed = ({ life, server }: Process): boolean => life === 'over' || server.at.name === 'closed'

/** Whether it means to serve, now or later: it is not on its way out. */
export function isWilling(process: Process): boolean {
  const { name } = process.server.at
  return lives(process) && !process.isCheck && name !== 'leaving' && name !== 'closed'
}

/** Whether the service can go on with this process alone, even if messages to it are still on their way. */
export function isAble(world: World, process: Process): boolean {
  const { at } = process.server
  if (!isWilling(process) || process.doomed || process.hangs || process.throws === 'accept') return false
  switch (at.name) {
    case 'trial':
      return !(at.stage === 'giving back' && at.leaves) && !process.fromParent.some(isTakenBack)
    case 'parent':
      // It lets go as soon as it hears that the child has confirmed.
      return childOf(world, process, at.child)?.confirmed !== true
    case 'reloading':
      return at.stop === undefined
    default:
      return true
  }
}

function isTakenBack(letter: Process['fromParent'][number]): boolean {
  return letter.type === 'word' && letter.word.type === 'taken back'
}
