import type { Effect, Input, Server, Step, Timer } from '../../lib/protocol/server.js'
import * as machine from '../../lib/protocol/server.js'
import type { Machine } from './world.js'

/** Deliberate mistakes in the machine of a server process: the simulation has to find each of them. */

/** The rules that a machine must keep, each of which has been broken somewhere before. */
export const RULES = {
  words: 'what somebody has said counts more than a timer',
  duty: 'nobody lets go of a duty before somebody else has it',
  limit: 'every wait has a limit',
  end: 'the end of another process is known without its word',
  silence: 'a process that does not answer does not work',
  worker: 'no worker is given up'
} as const

export interface Mistake<M> {
  readonly rule: keyof typeof RULES
  readonly title: string
  readonly machine: M
  /** What the simulation says about it. */
  readonly found: RegExp
}

type Say = (server: Server, input: Input) => Input | undefined

/** A machine that goes on from the step of the right one. */
const altered = (change: (step: Step, server: Server, input: Input) => Step): Machine => ({
  ...machine,
  step: (server, input) => change(machine.step(server, input), server, input)
})

/** A machine that forgets some of its effects. */
const without = (isForgotten: (effect: Effect) => boolean): Machine =>
  altered(([next, effects]) => [next, effects.filter((effect) => !isForgotten(effect))])

/** A machine that hears something else, or nothing. */
const hearing = (say: Say): Machine => ({
  ...machine,
  step: (server, input) => {
    const heard = say(server, input)
    return heard === undefined ? [server, []] : machine.step(server, heard)
  }
})

/** A machine that believes, after some inputs, that it has heard one more. */
const believing = (say: Say): Machine =>
  altered((step, server, input) => {
    const more = say(server, input)
    if (more === undefined) return step
    const [next, effects] = machine.step(step[0], more)
    return [next, [...step[1], ...effects]]
  })

const childSaid = ({ at }: Server, type: 'serving' | 'confirmed'): Input | undefined =>
  'child' in at && at.child !== undefined ? { type: 'child said', child: at.child, word: { type } } : undefined

const isDue = (input: Input, timer: Timer): boolean => input.type === 'due' && input.timer === timer

/** Those whose end is seen by a second limit, or by the other side, are left out. */
const TIMERS: readonly Timer[] = [
  'ready',
  'probation',
  'confirm',
  'undo',
  'kill',
  'tell',
  'boot',
  'word',
  'load',
  'stop'
]

export const MISTAKES: ReadonlyArray<Mistake<Machine>> = [
  {
    rule: 'words',
    title: 'the end of the probation is a success, whatever the child says',
    machine: believing((server, input) => (isDue(input, 'probation') ? childSaid(server, 'confirmed') : undefined)),
    found: /has succeeded, and the child has not said so/
  },
  {
    rule: 'words',
    title: 'a child that was not settled in time believes that it was',
    machine: hearing((_, input) =>
      isDue(input, 'settle') ? { type: 'parent said', word: { type: 'settled' } } : input
    ),
    found: /took back what process \d has for good/
  },
  {
    rule: 'words',
    title: 'a child that gives the service back leaves after a while, taken back or not',
    machine: hearing((_, input) =>
      isDue(input, 'give back') ? { type: 'parent said', word: { type: 'taken back' } } : input
    ),
    found: /sleeps, and nobody accepts/
  },
  {
    rule: 'duty',
    title: 'the parent sleeps when the child could serve, and does not wait until it does',
    machine: altered(([next, effects], server, input) =>
      input.type === 'child said' && input.word.type === 'ready' && server.at.name === 'reloading'
        ? [next, [...effects, { do: 'sleep', child: input.child }]]
        : [next, effects]
    ),
    found: /does not accept/
  },
  {
    rule: 'duty',
    title: 'the parent hands over before the child serves',
    machine: believing((server, input) =>
      input.type === 'child said' && input.word.type === 'ready' ? childSaid(server, 'serving') : undefined
    ),
    found: /sleeps, and nobody accepts/
  },
  {
    rule: 'duty',
    title: 'a child that gives the service back stops accepting before it was taken back',
    machine: believing((_, input) =>
      input.type === 'roll back' ? { type: 'parent said', word: { type: 'taken back' } } : undefined
    ),
    found: /sleeps, and nobody accepts/
  },
  ...TIMERS.map((timer) => ({
    rule: 'limit' as const,
    title: `the limit "${timer}" is forgotten`,
    machine: without((effect) => effect.do === 'wait' && effect.timer === timer),
    found: new RegExp(`waits without the limit "${timer}"`)
  })),
  {
    rule: 'end',
    title: 'a parent that is gone without a word is not noticed',
    machine: hearing((_, input) => (input.type === 'parent gone' ? undefined : input)),
    found: /nobody is left to serve|for ever|waits without/
  },
  {
    rule: 'end',
    title: 'a child that has ended without a word is not noticed',
    machine: hearing((_, input) => (input.type === 'child ended' ? undefined : input)),
    found: /sleeps, and nobody accepts/
  },
  {
    rule: 'silence',
    title: 'a child that does not confirm counts as one that serves',
    machine: hearing((server, input) => (isDue(input, 'confirm') ? childSaid(server, 'confirmed') : input)),
    found: /has succeeded, and the child has not said so/
  }
]
