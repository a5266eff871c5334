import type {
  Ask,
  Cause,
  ChildId,
  Failure,
  Input,
  LauncherWord,
  Place,
  Reload,
  Server,
  Step,
  Timer
} from '../../../lib/protocol/server.js'
import type { Budget, State } from '../kind.js'
import type { Outcome, ToChild, ToParent } from './letters.js'
import type { Rules, Throwing } from './rules.js'

/**
 * What there is in a simulation: processes, what they say to each other, what they wait for, and what may still go
 * wrong.
 */

/** The machine under test. If it is not that of `lib/`, it is a mutant. */
export interface Machine {
  begin(how: 'first' | 'successor' | 'check', launched: boolean): Server
  step(server: Server, input: Input): Step
  canRollBack(at: Place): boolean
}

/** Work of the host. The machine gets its outcome later. */
export interface Work {
  readonly name: WorkName
  /** Of the work that is about one child or one ask. */
  readonly of: number
  /** Before this it cannot end well; undefined: it can end at any moment. */
  readonly at?: number
}

export type WorkName =
  | 'hooks'
  | 'spawn'
  | 'save'
  | 'boot'
  | 'offer'
  | 'load'
  | 'check'
  | 'note'
  | 'conclude'
  | 'verdict'
  | 'launcher'
  | 'drain'
  | 'close apps'
  | 'own close'

/** A timer that is set, and when it comes due. */
export interface SetTimer {
  readonly timer: Timer
  readonly at: number
}

/** How a reload has ended. */
export interface Told {
  readonly reload: Reload
  readonly child: ChildId
  readonly failure: Failure | undefined
}

export interface Process {
  /** Counts from 1. */
  readonly id: number
  /** 0: none. */
  readonly parent: number
  /** As which its parent knows it. */
  readonly child: ChildId
  /** How many reloads had been asked for when it was started. */
  readonly born: number
  server: Server
  /** It was started for a check. */
  readonly isCheck: boolean
  /** It has shown that it could take over. */
  checked: boolean
  life: 'runs' | 'stalls' | 'over'
  /** What has ended it, or is about to: by default, its own decision. */
  end: 'its own' | 'forced' | 'killed' | 'killed by its parent'
  /** Its parent has killed it, and it has not ended yet. */
  doomed: boolean
  /** Its boot never ends. */
  hangs: boolean
  accepts: boolean
  /** It has accepted connections, so there is something to drain. */
  hasAccepted: boolean
  /** Its listeners are closed; nothing can open them again. */
  drained: boolean
  /** Its connections are on the move to the child. */
  moves: boolean
  /** The pid file and the paths of sockets are its own. */
  owns: boolean
  confirmed: boolean
  settled: boolean
  /** The role in which it has said that it leaves. */
  left: Cause | undefined
  /** Which of its children it has started for a check. */
  checks: readonly ChildId[]
  /** How its reloads have ended. */
  told: readonly Told[]
  /** The next effect of this name throws. */
  throws: Throwing | undefined
  timers: readonly SetTimer[]
  works: readonly Work[]
  toParent: readonly ToParent[]
  fromParent: readonly ToChild[]
}

/** How processes reach each other when it is not directly: through a launcher. */
export interface Links {
  tellParent(process: Process, letter: ToParent): void
  tellChild(process: Process, child: ChildId, letter: ToChild): void
  startChild(process: Process, child: ChildId): void
  killChild(process: Process, child: ChildId): void
  /** Whether the child has not read yet what its parent has said last, as that waits at the launcher. */
  isUnheard(process: Process, child: Process): boolean
  tellLauncher(process: Process, word: LauncherWord): void
  reportUnwell(process: Process): void
  askLauncher(process: Process, ask: Ask): void
  serves(process: Process): void
  leaves(process: Process, isError: boolean): void
  settled(process: Process, ask: Ask, outcome: Outcome): void
  ended(process: Process, exitCode: number | null): void
}

/** A reload that somebody asked for, or a check. */
export interface Asked {
  readonly isCheck?: boolean
  readonly process: number
  /** The asks of the parent that passed it on. */
  readonly passed: readonly Ask[] | undefined
  readonly outcome: Outcome | undefined
}

export interface World extends State {
  readonly machine: Machine
  rules: Rules
  /** Undefined: directly. */
  links?: Links
  processes: Process[]
  asks: Asked[]
  /** Processes that were asked to stop the whole service. */
  stops: readonly number[]
  /** Why the service may be gone: after this, no process was left that could serve. */
  excuse: string | undefined
  /** What a child has reported of a reload that was passed on to it. */
  reported: Outcome | undefined
  /** The clock has stood still for somebody who stalled: no limit can be measured. */
  hasStalled: boolean
  /** The limit of a process is over, by a clock that keeps time. */
  isTimeUp: boolean
  /** The first thing that is wrong. */
  broken: string | undefined
}

export function createWorld(machine: Machine, rules: Rules, budget: Budget): World {
  return {
    machine,
    rules,
    processes: [],
    asks: [],
    budget,
    now: 0,
    stops: [],
    excuse: undefined,
    reported: undefined,
    hasStalled: false,
    isTimeUp: false,
    broken: undefined
  }
}

/** A new process: the first one, or the child of another. */
export function addProcess(world: World, parent: number, child: ChildId, isCheck = false): Process {
  const { machine, rules } = world
  const how = parent === 0 ? 'first' : isCheck && !rules.old ? 'check' : 'successor'
  const process: Process = {
    id: world.processes.length + 1,
    parent,
    child,
    born: world.asks.length,
    server: machine.begin(how, rules.launched),
    isCheck,
    checked: false,
    life: 'runs',
    end: 'its own',
    doomed: false,
    hangs: false,
    accepts: false,
    hasAccepted: false,
    drained: false,
    moves: false,
    owns: false,
    confirmed: false,
    settled: false,
    left: undefined,
    checks: [],
    told: [],
    throws: undefined,
    timers: [],
    works: [{ name: 'boot', of: 0 }],
    toParent: [],
    fromParent: []
  }
  world.processes.push(process)
  return process
}

/** A copy that can take another course. Read-only parts are shared. */
export function copyWorld<W extends World>(world: W): W {
  return { ...world, processes: world.processes.map((process) => ({ ...process })), asks: [...world.asks] }
}

/** The first thing that is wrong is the one to look at. */
export function breakWorld(world: World, problem: string): void {
  world.broken ??= problem
}
