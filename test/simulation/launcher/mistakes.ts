import type { Input, Launcher, Timer } from '../../../lib/protocol/launcher.js'
import * as machine from '../../../lib/protocol/launcher.js'
import * as server from '../../../lib/protocol/server.js'
import { type Mistake, slipsOf } from '../mistakes.js'
import type { Machines } from './system.js'

/** Deliberate mistakes in the machine of a launcher: the simulation has to find each of them. */

type Say = (launcher: Launcher, input: Input) => Input | undefined

const { altered, without, hearing, believing } = slipsOf(
  machine.step,
  (step): Machines => ({ server, launcher: { ...machine, step } })
)

const said = (server: number, type: 'pong' | 'passed'): Input => ({ type: 'said', server, word: { type } })

/** What a server is taken to have said when the limit of its turn is over. */
const instead =
  (stage: 'asking' | 'handed over', word: 'pong' | 'passed'): Say =>
  ({ roll }, input) => {
    if (input.type !== 'due' || input.timer !== 'turn') return input
    const turn = roll?.turns.find(({ worker }) => worker === input.id)
    return turn?.stage === stage && turn.server !== undefined ? said(turn.server, word) : input
  }

/** Changes the number of workers as if every server answered. */
const scaleBlindly: Machines['launcher']['step'] = (launcher, input) => {
  if (input.type !== 'scale') return machine.step(launcher, input)
  const silent = launcher.servers.filter(({ isSilent }) => isSilent).map(({ id }) => id)
  const servers = launcher.servers.map((one) => ({ ...one, isSilent: false }))
  const [next, effects] = machine.step({ ...launcher, servers }, input)
  return [{ ...next, servers: next.servers.map((one) => ({ ...one, isSilent: silent.includes(one.id) })) }, effects]
}

const TIMERS: readonly Timer[] = ['turn', 'stop', 'force', 'kill', 'grow']

export const MISTAKES: ReadonlyArray<Mistake<Machines>> = [
  {
    rule: 'words',
    title: 'a reload holds when the time for it is over, whatever its server has said',
    machine: hearing(instead('handed over', 'passed')),
    found: /2 servers live/
  },
  {
    rule: 'duty',
    title: 'the predecessors leave before their successors have outlived the probation',
    machine: believing((_, input) =>
      input.type === 'said' && input.word.type === 'handed over' ? said(input.server, 'passed') : undefined
    ),
    found: /2 servers live/
  },
  ...TIMERS.map((timer) => ({
    rule: 'limit' as const,
    title: `the limit "${timer}" is forgotten`,
    machine: without((effect) => effect.do === 'wait' && effect.timer === timer),
    found: /without a limit|has no limit|for ever/
  })),
  {
    rule: 'end',
    title: 'a server that has ended without a word is not noticed',
    machine: hearing((_, input) => (input.type === 'ended' ? undefined : input)),
    found: /servers live|for ever|never ends|never answered|goes by/
  },
  {
    rule: 'words',
    title: 'what the service manager knows of one reload concludes the next one',
    machine: hearing(({ roll }, input) => (input.type === 'noted' ? { ...input, ask: roll?.asks[0] } : input)),
    found: /by the note of another/
  },
  {
    rule: 'silence',
    title: 'a server that falls silent gets work',
    machine: hearing((_, input) => (input.type === 'silent' ? undefined : input)),
    found: /gets work, and hangs|for ever|nothing comes to rest/
  },
  {
    rule: 'silence',
    title: 'a server that does not answer counts as one that can make a reload',
    machine: hearing(instead('asking', 'pong')),
    found: /the asks end with failure|the next reload ends with "failure"/
  },
  {
    rule: 'work',
    title: 'a server that drains is killed when another server ends',
    machine: altered(([next, effects], _, input) => {
      const draining = next.servers.filter(({ stage, leaves }) => stage === 'serving' && leaves === 'freely')
      const kills = draining.map(({ id }) => ({ do: 'kill', server: id, signal: 'SIGKILL' }) as const)
      return [next, input.type === 'ended' ? [...effects, ...kills] : effects]
    }),
    found: /is killed at work/
  },
  {
    rule: 'work',
    title: 'a server kills a child that could not hear it, as the launcher stood still',
    machine: {
      launcher: machine,
      server: {
        ...server,
        step: (at, input) => server.step(at, input.type === 'due' ? { type: 'due', timer: input.timer } : input)
      }
    },
    found: /kills \d+ .* at work/
  },
  {
    rule: 'worker',
    title: 'a worker that crashes is not started again',
    machine: without((effect) => effect.do === 'pause'),
    found: /pauses for ever/
  },
  {
    rule: 'worker',
    title: 'a worker whose server crashes twice is given up',
    machine: altered(([next, effects]) => {
      const workers = next.workers.map((one) => (one.crashes > 1 ? { ...one, isOver: true } : one))
      return [{ ...next, workers }, effects]
    }),
    found: /is given up/
  },
  {
    rule: 'worker',
    title: 'a signal that an app has kept for itself counts as an order to end for ever',
    machine: hearing((_, input) => (input.type === 'due' && input.timer === 'signal' ? undefined : input)),
    found: /is given up|the launcher ends|in the end serves/
  },
  {
    rule: 'worker',
    title: 'a server that is killed has obeyed the signal that it got before',
    machine: hearing(({ servers }, input) => {
      if (input.type !== 'ended') return input
      const signal = servers.find(({ id }) => id === input.server)?.forwarded[0] ?? null
      return signal === null ? input : { ...input, ending: { exitCode: null, signal } }
    }),
    found: /is given up|the launcher ends|in the end serves/
  },
  {
    rule: 'time',
    title: 'a reload counts how long a server that leaves has served',
    machine: altered(([next, effects]) => [
      next,
      effects.map((effect) =>
        effect.do === 'wait' && effect.awaits === 'end' ? { ...effect, awaits: 'boot' } : effect
      )
    ]),
    found: /a server that serves was waited for|the asks end with failure/
  },
  {
    rule: 'silence',
    title: 'there is one worker fewer while the others do not answer',
    machine: { server, launcher: { ...machine, step: scaleBlindly } },
    found: /nobody who answers stays/
  }
]
