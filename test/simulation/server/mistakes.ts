import type { Input, Server, Step, Timer } from '../../../lib/protocol/server.js'
import * as machine from '../../../lib/protocol/server.js'
import { type Mistake, slipsOf } from '../mistakes.js'
import type { Machine } from './world.js'

/** Deliberate mistakes in the machine of a server process: the simulation has to find each of them. */

const { altered, without, hearing, believing } = slipsOf(machine.step, (step): Machine => ({ ...machine, step }))

const childSaid = ({ at }: Server, type: 'serving' | 'confirmed'): Input | undefined =>
  'child' in at && at.child !== undefined ? { type: 'child said', child: at.child, word: { type } } : undefined

const isDue = (input: Input, timer: Timer): boolean => input.type === 'due' && input.timer === timer

/** Timers are left out if a second limit, or the other side, sees the end. */
const TIMERS: readonly Timer[] = [
  'ready',
  'probation',
  'confirm',
  'undo',
  'kill',
  'end',
  'tell',
  'boot',
  'word',
  'load',
  'settle',
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
    found: /took back what process \d has for good|sleeps, and nobody accepts/
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
  {
    rule: 'work',
    title: 'a reload that is undone kills a child that may have accepted',
    machine: altered(([next, effects], { at }, input) =>
      input.type === 'undo' && at.name === 'reloading' && at.stage === 'handing over'
        ? [next, [...effects, { do: 'kill child', child: at.child }]]
        : [next, effects]
    ),
    found: /kills \d+ .* at work/
  },
  {
    rule: 'work',
    title: 'a lame duck whose time is over is cut off as soon as it drains',
    machine: believing((_, input) => (isDue(input, 'lame duck') ? { type: 'due', timer: 'stop' } : undefined)),
    found: /is cut off before its time is over/
  },
  {
    rule: 'duty',
    title: 'a child that leaves its parent a reload tells its callers that there is none',
    machine: altered(([next, effects], { at }) =>
      at.name === 'trial' && next.at.name === 'leaving'
        ? [next, effects.map((effect) => (effect.do === 'refuse' ? { ...effect, why: 'stopping' } : effect))]
        : [next, effects]
    ),
    found: /says that there is no reload, but its parent makes the reload/
  },
  ...TIMERS.map((timer) => ({
    rule: 'limit' as const,
    title: `the limit "${timer}" is forgotten`,
    machine: without((effect) => effect.do === 'wait' && effect.timer === timer),
    found: new RegExp(`waits? without the limit "${timer}"`)
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
    rule: 'outside',
    title: 'a report that throws ends the step that it is part of',
    machine: altered(([next, effects]): Step => {
      const index = effects.findIndex((effect) => effect.do === 'conclude')
      return [next, index < 0 ? effects : effects.slice(0, index + 1)]
    }),
    found: /waits without the limit "tell"/
  },
  {
    rule: 'outside',
    title: 'a child that cannot accept says that it serves',
    machine: hearing((_, input) => (input.type === 'not accepted' ? { type: 'accepted' } : input)),
    found: /does not accept/
  },
  {
    rule: 'silence',
    title: 'a child that does not confirm counts as one that serves',
    machine: hearing((server, input) => (isDue(input, 'confirm') ? childSaid(server, 'confirmed') : input)),
    found: /has succeeded, and the child has not said so/
  }
]
