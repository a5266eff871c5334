import type { Links, Process } from '../server/world.js'
import type { Down, Member, System, Up } from './system.js'

/** The other end of a launcher, in each server: what it says goes to the launcher, in order. */

export function say(system: System, process: Process, letter: Up): void {
  const member = process as Member
  if (system.life === 'runs' || system.life === 'stalls') member.up = [...member.up, letter]
}

/** What the launcher says; a server that has ended does not hear it. */
export function tell(member: Member | undefined, letter: Down): void {
  if (member !== undefined && member.life !== 'over') member.down = [...member.down, letter]
}

export function link(system: System): void {
  const word = (process: Process, said: Extract<Up, { type: 'word' }>['word']): void =>
    say(system, process, { type: 'word', word: said })
  const links: Links = {
    tellParent: (process, letter) => say(system, process, { type: 'to parent', letter }),
    tellChild: (process, child, letter) => say(system, process, { type: 'to child', child, letter }),
    startChild: (process, child) => word(process, { type: 'start child', child }),
    killChild: (process, child) => say(system, process, { type: 'kill child', child }),
    isUnheard: (process, child) =>
      (process as Member).up.some((letter) => letter.type === 'to child' && letter.child === child.child) ||
      (child as Member).down.some(({ type }) => type === 'from parent'),
    tellLauncher: (process, type) => word(process, { type }),
    reportUnwell: (process) => word(process, { type: 'unwell', error: { name: 'Error', message: 'is ill' } }),
    askLauncher: (process, ask) => askLauncher(system, process, ask),
    serves: (process) => word(process, { type: 'serves', ownSignals: false }),
    leaves: (process, isError) => word(process, { type: 'leaves', isError }),
    settled: (process, ask, outcome) => {
      const member = process as Member
      if (member.turn !== ask) return
      member.turn = 0
      if (outcome === 'success') word(process, { type: 'reload made', result: {} as never })
      else word(process, { type: 'reload failed', error: { name: 'Error', message: outcome } })
    },
    ended: (process, exitCode) => {
      const signal = exitCode === null ? ((process as Member).signals[0] ?? 'SIGKILL') : null
      say(system, process, { type: 'ended', ending: { exitCode, signal } })
      const member = process as Member
      Object.assign(member, { down: [], signals: [], owes: false, exit: exitCode ?? signal })
    }
  }
  Object.assign(system, { links })
}

/** Without a launcher the answer is there at once. */
function askLauncher(system: System, process: Process, ask: number): void {
  if (system.life === 'runs' || system.life === 'stalls') say(system, process, { type: 'ask', ask })
  else tell(process as Member, { type: 'answered', ask, outcome: 'stopping' })
}
