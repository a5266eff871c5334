import type { Story } from './story.js'

/** What happened once to a launcher and its servers, or must never happen. Servers 1 and 2 are the first ones of two workers. */

/** A reload of two workers, up to each of its stages. The children are 3 and 4. */
const STAGES: Readonly<Record<string, readonly string[]>> = {
  asking: ['0 reload'],
  making: ['0 reload', '... until 1 work hooks: approved'],
  starting: ['0 reload', '... until 0 starts 2'],
  'the first child ready': ['0 reload', '... until 3 work offer: ready'],
  'the first child loading': ['0 reload', '... until 3 work load: loaded'],
  'the second one making': ['0 reload', '... until 2 work hooks: approved'],
  'the second child booting': ['0 reload', '... until 0 starts 3'],
  'the second child serving': ['0 reload', '... until 4 work load: loaded'],
  'the first one passed': ['0 reload', '... until 2 due probation'],
  committing: ['0 reload', '... until 1 work note 1: noted'],
  'the first one over': ['0 reload', '... until 1 work conclude 1: concluded'],
  concluding: ['0 reload', '... until 0 noted']
}

const CONFIRMED = ['0 reload', '... until 1 due probation', '... until 2 hears', '0 hears 2']

const stops = Object.entries(STAGES).flatMap(([stage, lines]): Story[] => [
  { title: `a stop, ${stage}`, workers: 2, lines: [...lines, '0 stop'], release: undefined },
  { title: `a stop that is forced, ${stage}`, workers: 2, lines: [...lines, '0 stop', '0 force'], release: undefined },
  { title: `the launcher dies, ${stage}`, workers: 2, lines: [...lines, '0 launcher dies'], release: undefined },
  {
    title: `the launcher stalls, ${stage}`,
    workers: 2,
    lines: [...lines, '0 launcher stalls'],
    asks: ['success'],
    release: 1
  }
])

/** A worker whose servers crash when they have booted, six times. */
const SIX_CRASHES = [
  '1 crash',
  ...['3', '4', '5', '6', '7'].flatMap((id) => [`... until ${id} work boot: all listen`, `${id} crash`])
]

export const STORIES: readonly Story[] = [
  ...stops,
  {
    title: 'one of two workers hangs during a reload, and is replaced',
    workers: 2,
    lines: ['2 hang', '0 reload'],
    asks: ['success'],
    release: 1
  },
  {
    title: 'one of two workers hangs while the other one makes its share',
    workers: 2,
    lines: [...(STAGES.making ?? []), '2 hang'],
    asks: ['success'],
    release: 1
  },
  {
    title: 'one of two workers hangs, and the service is stopped',
    workers: 2,
    lines: ['2 hang', '0 stop'],
    release: undefined
  },
  {
    title: 'one of two workers hangs while a stop is under way',
    workers: 2,
    lines: ['0 stop', '2 hang'],
    release: undefined
  },
  {
    title: 'a worker crashes for the sixth time, and the reload that follows brings the new code',
    workers: 2,
    lines: [...SIX_CRASHES, '0 reload'],
    asks: ['success'],
    release: 1
  },
  {
    title: 'the second child dies while the first one has passed: all come back',
    workers: 2,
    lines: [...(STAGES['the first one passed'] ?? []), '4 kill'],
    asks: ['failure'],
    release: 0
  },
  {
    title: 'a child dies when the commit is on its way: another server with the new code follows',
    workers: 1,
    lines: [...CONFIRMED, '1 hears', '0 hears 1', '2 kill'],
    asks: ['success'],
    release: 1
  },
  {
    title: 'a child dies when its parent has said that it passed: the parent comes back',
    workers: 1,
    lines: [...CONFIRMED, '1 hears', '2 kill', '0 hears 2', '0 hears 1'],
    asks: ['failure'],
    release: 0
  },
  {
    title: 'the only server hangs, and a reload replaces it',
    workers: 1,
    lines: ['1 hang', '0 reload'],
    asks: ['success'],
    release: 1
  },
  {
    title: 'the only server hangs, and the service is stopped',
    workers: 1,
    lines: ['1 hang', '0 stop'],
    release: undefined
  },
  {
    title: 'a child hangs in its boot, and the servers stay',
    workers: 2,
    lines: ['0 reload', '... until 0 starts 2', '3 boot hangs'],
    asks: ['failure'],
    release: 0
  },
  {
    title: 'a child crashes in its boot, and the servers stay',
    workers: 2,
    lines: ['0 reload', '... until 0 starts 2', '3 crash'],
    asks: ['failure'],
    release: 0
  },
  {
    title: 'the second child gives the service back: all come back',
    workers: 2,
    lines: [...(STAGES['the second child serving'] ?? []), '4 roll back'],
    asks: ['failure'],
    release: 0
  }
]
