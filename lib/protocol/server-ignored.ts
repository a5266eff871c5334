import type { Step } from './server-effects.js'
import type { Server } from './server-state.js'
import { stay } from './server-steps.js'

/**
 * The inputs that mean nothing in a state, so that the compiler asks in each state about a new input: it stands here,
 * or among the cases of that state.
 */

/** The same in all states: `step` handles them first. */
type Handled = 'answered' | 'check'
type Boot = 'opened' | 'progress'
/** Of a child, before it serves. */
type Preparation = 'approved' | 'vetoed' | 'not started' | 'saved' | 'not saved' | 'not sent'
type Child = 'child said' | 'child ended' | 'unwell'
type Parent = 'parent said' | 'parent gone'
type OtherWorkers = 'commit' | 'undo'
/** In a child that takes over. */
type Start = 'loaded' | 'not loaded' | 'accepted' | 'not accepted'
/** In a child, until it serves for good. */
type Takeover = Start | 'healthy' | 'roll back'
type Outcome = 'noted' | 'concluded'
type End = 'last app closed' | 'drained' | 'apps closed'

/** Without a child, and without a parent. */
type Alone = Handled | Preparation | Child | Parent | OtherWorkers | Takeover | End

/** As a child, without a child of its own. */
type AsChild = Handled | Preparation | Child | OtherWorkers | Outcome | End | 'started'

/** With a child, and without a parent. */
type WithChild = Handled | Boot | Parent | Takeover | End

interface Ignored {
  readonly booting: Alone | Outcome | 'started' | 'due'
  readonly successor: AsChild | 'opened' | 'healthy' | 'roll back'
  readonly trial: AsChild | Boot | Start
  readonly serving: Alone | Boot | Outcome | 'due'
  readonly recovered: Alone | Boot
  readonly reloading: WithChild | Outcome | 'unwell' | 'commit'
  readonly checking: WithChild | OtherWorkers | Outcome | 'approved' | 'vetoed' | 'unwell'
  readonly parent: WithChild | Outcome | Preparation
  readonly leaving:
    | (Handled | Boot | Takeover | OtherWorkers)
    | ('approved' | 'vetoed' | 'saved' | 'not saved' | 'not sent' | 'unwell')
  readonly closed: Alone | Boot | Outcome | 'stop' | 'force' | 'due'
}

/** An input that means nothing in this state, which the type argument names. */
export const ignore = <N extends keyof Ignored>(server: Server, _input: { readonly type: Ignored[N] }): Step =>
  stay(server)
