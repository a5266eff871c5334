import type { Random } from '../simulation/random.js'

/** With what the servers of a round are started. */
export const WAYS = ['plain', 'launcher', 'workers'] as const
export type Way = (typeof WAYS)[number]

export type Kind =
  /** SIGHUP. */
  | 'reload'
  /** A client asks for a reload over HTTP. */
  | 'ask'
  /** SIGKILL. */
  | 'kill'
  /** SIGSTOP, and SIGCONT after a while. */
  | 'freeze'
  /** The event loop stands still for a while. */
  | 'block'
  | 'roll back'
  /** An uncaught error. */
  | 'throw'
  /** For a while, new processes cannot boot. */
  | 'bad release'
  /** SIGTERM. */
  | 'stop'

/** The process that a fault should hit. If several processes match, the schedule picks one of them. */
export type Role =
  | 'launcher'
  | 'any server'
  | 'serving'
  /** Of a child on probation. */
  | 'parent'
  /** A child before it serves. */
  | 'booting child'
  /** A child on probation. */
  | 'child'

/** What goes wrong in a round. */
export interface Schedule {
  /** Of each reload. Milliseconds. */
  readonly probation: number
  readonly faults: readonly Fault[]
  /** What happens when these are over. No reload follows that could repair what this one leaves behind. */
  readonly last: Fault | undefined
}

export interface Fault {
  readonly kind: Kind
  readonly role: Role
  /** The line to wait for; undefined: none. If the line does not come, the fault happens without it. */
  readonly after: string | undefined
  /** How long after that, or after the fault before. Milliseconds. */
  readonly delay: number
  /** Of what ends by itself. Milliseconds. */
  readonly duration: number
  /** Which of several processes, or which kind of several. */
  readonly pick: number
}

/** How long a fault may wait for its moment. Milliseconds. */
export const PATIENCE = 3000

const KINDS: readonly Kind[] = [
  ...Array<Kind>(3).fill('reload'),
  ...Array<Kind>(3).fill('ask'),
  ...Array<Kind>(3).fill('freeze'),
  ...Array<Kind>(3).fill('kill'),
  ...Array<Kind>(2).fill('block'),
  ...Array<Kind>(2).fill('roll back'),
  'throw',
  'bad release'
]

/** Where something happens in a reload. */
const MOMENTS = ['reload-started', 'adopted', 'started', 'serving', 'handed-over', 'reload-succeeded', 'rolled-back']

const ROLES: Readonly<Record<Kind, readonly Role[]>> = {
  reload: ['launcher', 'launcher', 'serving', 'any server'],
  ask: ['serving'],
  kill: ['booting child', 'child', 'child', 'parent', 'parent', 'serving'],
  freeze: ['booting child', 'child', 'parent', 'serving', 'launcher', 'any server'],
  block: ['booting child', 'child', 'parent', 'serving'],
  'roll back': ['child'],
  throw: ['child', 'parent', 'serving'],
  'bad release': ['any server'],
  stop: ['launcher', 'serving', 'parent', 'booting child', 'child']
}

/** The same random numbers make the same schedule. Which process it hits depends on the computer. */
export function makeSchedule(random: Random, way: Way): Schedule {
  const last: Fault = { ...makeFault(random, way, random.pick(['kill', 'roll back'])), role: 'child', after: undefined }
  const faults = makeFaults(random, way)
  return { probation: random.pick([100, 500, 1500]), faults, last: random.oneIn(2) ? last : undefined }
}

function makeFaults(random: Random, way: Way): Fault[] {
  const faults = Array.from({ length: 4 + random.below(6) }, (_, index) => {
    return makeFault(random, way, index === 0 ? random.pick(['reload', 'ask']) : random.pick(KINDS))
  })
  if (random.oneIn(4)) faults.splice(2 + random.below(faults.length - 2), 0, makeFault(random, way, 'stop'))
  if (way !== 'plain' && random.oneIn(8)) faults.push({ ...makeFault(random, way, 'kill'), role: 'launcher' })
  return faults
}

function makeFault(random: Random, way: Way, kind: Kind): Fault {
  const role = random.pick(ROLES[kind])
  const after = kind === 'reload' || kind === 'ask' || random.oneIn(2) ? undefined : random.pick(MOMENTS)
  return {
    kind,
    role: role === 'launcher' && way === 'plain' ? 'serving' : role,
    after,
    delay: after === undefined ? random.below(500) : random.below(60),
    // Beyond five seconds a launcher takes a server for hung, and a parent its child.
    duration: random.oneIn(5) ? 5_000 + random.below(2_500) : 50 + random.below(1_500),
    pick: random.below(1_000)
  }
}

/** One line. */
export function describeFault({ kind, role, after, delay, duration }: Fault): string {
  const ends = kind === 'freeze' || kind === 'block' || kind === 'bad release'
  const when = after === undefined ? `${delay} ms later` : `${delay} ms after the next "${after}"`
  return `${when}: ${kind}${kind === 'bad release' ? '' : ` ${role}`}${ends ? ` for ${duration} ms` : ''}`
}
