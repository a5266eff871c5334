import type { Story as StoryOf } from '../story.js'
import type { Rules } from './rules.js'
import { WATCHED_STORIES } from './watched-stories.js'

type Story = StoryOf<Rules>

/**
 * What happened once to a launcher and its servers, or must never happen. Servers 1 and 2 are the first ones of two
 * workers, and `serves` are releases.
 */

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

const ONE = { workers: 1 }

const CONFIRMED = ['0 reload', '... until 1 due probation', '... until 2 hears', '0 hears 2']

/** A reload of the only worker, from server `old`, which then drains, to the next one. */
function reloaded(old: number): string[] {
  const said = [`${old} hears`, `0 hears ${old}`]
  const heard = [`0 hears ${old + 1}`, `${old} hears`]
  return [
    ...['0 reload', ...said, `${old} hears`, `${old} work hooks: approved`, `0 hears ${old}`, `0 starts ${old}`],
    ...[...heard, `${old + 1} work boot: all listen`, `${old + 1} work offer: ready`, ...heard, `0 hears ${old}`],
    ...[`${old + 1} hears`, `${old + 1} work load: loaded`, `0 hears ${old + 1}`, ...heard, `0 hears ${old}`],
    ...[`${old} due probation`, `0 hears ${old}`, `${old + 1} hears`, ...heard, `0 hears ${old}`, `${old} hears`],
    ...[`${old} work note 1: noted`, `${old} work conclude 1: concluded`, `0 hears ${old}`, `0 hears ${old}`, '0 noted']
  ]
}

const stops = Object.entries(STAGES).flatMap(([stage, lines]): Story[] => [
  { title: `a stop, ${stage}`, lines: [...lines, '0 stop'], serves: [] },
  { title: `a stop that is forced, ${stage}`, lines: [...lines, '0 stop', '0 force'], serves: [] },
  { title: `the launcher dies, ${stage}`, lines: [...lines, '0 launcher dies'], serves: [] },
  {
    title: `the launcher stalls, ${stage}`,
    lines: [...lines, '0 launcher stalls'],
    asks: ['success'],
    serves: [1, 1]
  }
])

/** The launcher stands still while the word of a parent waits there: for longer than that may wait for an answer. */
const standsStill: Story[] = [
  {
    title: 'the launcher stands still while a child is to confirm: the reload succeeds',
    rules: ONE,
    lines: ['0 reload', '... until 1 due probation', '0 launcher stalls', '1 due confirm'],
    asks: ['success'],
    serves: [1]
  },
  {
    title: 'the launcher stands still while a child is to give up: it finishes what it has, and is not killed',
    rules: ONE,
    lines: [
      '0 reload',
      '... until 2 work load: loaded',
      '... until 1 hears',
      '1 unwell',
      '0 launcher stalls',
      '1 due undo'
    ],
    asks: ['failure'],
    serves: [0]
  }
]

/** The child has given the service back, and is the last one of its worker when its parent fails. */
const givenBack: Story = {
  title: 'the only server fails just after it has taken the service back: another one follows',
  rules: ONE,
  lines: [
    '0 reload',
    ...['... until 2 work load: loaded', '... until 1 hears', '2 roll back', '0 hears 2', '1 hears', '1 error']
  ],
  asks: ['failure'],
  serves: [1]
}

/** A worker whose servers crash when they have booted, six times. */
const SIX_CRASHES = [
  '1 crash',
  ...['3', '4', '5', '6', '7'].flatMap((id) => [`... until ${id} work boot: all listen`, `${id} crash`])
]

/** Two apps, the second of which has a longer limit, and needs it. */
const TWO_LIMITS = { apps: [500, 60_000], busy: true }

const twoLimits: Story[] = [
  {
    title: 'a stop waits for the app with the longer limit',
    rules: TWO_LIMITS,
    lines: ['0 stop', '... until 2 work drain: drained'],
    serves: []
  },
  {
    title: 'after a reload, servers that finish what they have get the time of the app with the longer limit',
    rules: TWO_LIMITS,
    lines: ['0 reload', '... until 2 work drain: drained'],
    asks: ['success'],
    serves: [1, 1]
  }
]

/**
 * The launcher is killed, and what a server has to read before it learns that has not been read: connections on their
 * way, in a burst of new ones, keep the end of a channel from being seen (`lib/internals/channel-end.ts`).
 */
const burst: Story[] = [
  {
    title: 'the launcher dies while both servers stand still, with unread orders before its end',
    lines: [...(STAGES.committing ?? []), '1 stall', '2 stall', '0 launcher dies', '1 resumes', '2 resumes'],
    serves: []
  },
  {
    title: 'the launcher dies while a server stands still, and that one ends when it goes on',
    lines: ['2 stall', '0 launcher dies', '... until 1 work close apps: closed', '2 resumes'],
    serves: []
  },
  {
    title: 'the launcher dies while it has not read what a server that boots has said',
    lines: ['2 crash', '... until 0 starts 2', '0 launcher dies'],
    serves: []
  }
]

/** How a launcher ends is in none of these lines, but must be true of its servers. */
const endings: Story[] = [
  { title: 'one server crashes in a stop, the other one leaves well', lines: ['0 stop', '2 crash'], serves: [] },
  { title: 'one server has crashed before a stop', lines: ['2 crash', '0 hears 2', '0 stop'], serves: [] },
  {
    title: 'one server boots when the service stops, and dies by the signal; the other one leaves well',
    lines: ['2 crash', '... until 0 starts 2', '0 stop'],
    serves: []
  },
  { title: 'one server is killed when its stop takes too long', lines: ['2 hang', '0 stop'], serves: [] },
  { title: 'both servers crash in a stop', lines: ['0 stop', '1 crash', '2 crash'], serves: [] }
]

/** One worker more, up to each of its stages: the new server is 3. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  waiting: ['0 scale up'],
  starting: ['0 scale up', '0 due grow 0'],
  booting: ['0 scale up', '... until 0 starts 2'],
  'as good as done': ['0 scale up', '... until 3 work load: loaded']
}

const scalingsOf = Object.entries(MORE).flatMap(([stage, lines]): Story[] => [
  { title: `a stop while one worker more is ${stage}`, lines: [...lines, '0 stop'], asks: ['failure'], serves: [] },
  {
    title: `a stop that is forced while one worker more is ${stage}`,
    lines: [...lines, '0 stop', '0 force'],
    serves: []
  },
  { title: `the launcher dies while one worker more is ${stage}`, lines: [...lines, '0 launcher dies'], serves: [] },
  {
    title: `a reload while one worker more is ${stage}: it follows, and is one of all`,
    lines: [...lines, '0 reload'],
    asks: ['success', 'success'],
    serves: [1, 1, 1]
  },
  {
    title: `one worker fewer while one more is ${stage}: it follows`,
    lines: [...lines, '0 scale down'],
    asks: ['success', 'success'],
    serves: [0, 0]
  },
  {
    title: `a worker crashes while one more is ${stage}`,
    lines: [...lines, '2 crash'],
    asks: ['success'],
    serves: [0, 0, 0]
  }
])

const SCALINGS: readonly Story[] = [
  ...scalingsOf,
  {
    title: 'three workers more add up, one after the other',
    rules: ONE,
    lines: ['0 scale up', '0 scale up', '0 scale up'],
    asks: ['success', 'success', 'success'],
    serves: [0, 0, 0, 0]
  },
  {
    title:
      'the server of a new worker crashes before it serves: there are as many as before, and no other one is started',
    lines: [...(MORE.booting ?? []), '3 crash'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'the server of a new worker cannot be started',
    lines: [...(MORE.starting ?? []), '0 no start 2'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'the server of a new worker hangs in its boot, and is killed',
    lines: [...(MORE.booting ?? []), '3 boot hangs'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'the server of a new worker crashes, and the one that follows in the queue is tried all the same',
    lines: [...(MORE.booting ?? []), '0 scale up', '3 crash'],
    asks: ['failure', 'success'],
    serves: [0, 0, 0]
  },
  {
    title: 'no server serves from which a new worker could inherit: every wait ends',
    rules: { workers: 1, timers: 'any', network: 'slow' },
    lines: ['1 crash', '0 hears 1', '0 scale up', '0 due scale 0'],
    asks: ['failure'],
    serves: [0]
  },
  {
    title: 'the first server crashes when one worker more has been asked for',
    rules: ONE,
    lines: ['0 scale up', '1 crash'],
    asks: ['success'],
    serves: [0, 0]
  },
  {
    title: 'the only server leaves while one worker more boots: another one takes its place',
    rules: ONE,
    lines: ['0 scale up', '... until 0 starts 1', '1 server stops'],
    asks: ['success'],
    serves: [0, 0]
  },
  { title: 'one worker fewer', lines: ['0 scale down'], asks: ['success'], serves: [0] },
  { title: 'never fewer than one', rules: ONE, lines: ['0 scale down'], asks: ['failure'], serves: [0] },
  {
    title: 'one worker fewer in a reload: it follows',
    lines: [...(STAGES.making ?? []), '0 scale down'],
    asks: ['success', 'success'],
    serves: [1]
  },
  {
    title: 'one worker more in a reload, and another reload: the reload comes last',
    lines: [...(STAGES['the first one passed'] ?? []), '0 reload', '0 scale up'],
    asks: ['success', 'success', 'success'],
    serves: [2, 2, 2]
  },
  {
    title: 'a reload that fails after one worker more leaves their number',
    rules: ONE,
    lines: [
      '0 scale up',
      '... until 0 hears 2',
      '... until 2 work load: loaded',
      '0 reload',
      '... until 0 starts 2',
      '3 crash'
    ],
    asks: ['success', 'failure'],
    serves: [0, 0]
  },
  {
    title: 'a worker that is to leave crashes instead: nothing is started in its place',
    lines: ['0 scale down', '2 crash'],
    asks: ['success'],
    serves: [0]
  },
  {
    title: 'a worker that is to leave hangs, and is killed; a reload and one worker more do not wait for that',
    lines: ['2 hang', '0 scale down', '0 reload', '0 scale up'],
    asks: ['success', 'success', 'success'],
    serves: [1, 1]
  },
  {
    title: 'a worker that waits for its next server is no longer needed',
    lines: ['2 crash', '0 hears 2', '0 scale down'],
    asks: ['success'],
    serves: [0]
  },
  {
    title: 'a worker is no longer needed while its next server is being started: that one is stopped when it is there',
    lines: ['2 crash', '... until 0 due restart 1', '0 scale down'],
    asks: ['success'],
    serves: [0]
  },
  {
    title: 'one worker fewer, and the one that would remain is down: it is waited for',
    lines: ['1 crash', '0 hears 1', '0 scale down'],
    asks: ['success'],
    serves: [0]
  },
  {
    title: 'one worker fewer, and the one that would remain never serves: both stay',
    rules: { workers: 2, timers: 'any', network: 'slow' },
    lines: ['1 crash', '0 hears 1', '0 scale down', '0 due scale 0'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'one worker fewer, and the one that would remain hangs: the one that answers stays',
    lines: ['1 hang', '0 silent 0', '0 scale down'],
    asks: ['failure'],
    serves: [0]
  },
  {
    title: 'one worker fewer, and the one that would remain stands still: it is waited for',
    lines: ['1 stall', '0 silent 0', '0 scale down', '1 resumes'],
    asks: ['success'],
    serves: [0]
  },
  { title: 'a stop while a worker leaves', lines: ['0 scale down', '0 stop'], asks: ['failure'], serves: [] },
  { title: 'a stop while a worker that hangs is to leave', lines: ['2 hang', '0 scale down', '0 stop'], serves: [] }
]

/** SIGQUIT makes a dump, and the app goes on. */
const OWN_SIGNAL: readonly Story[] = [
  {
    title: 'the only server keeps a signal for itself, and is killed: another one follows',
    rules: ONE,
    lines: ['0 own signal', '1 obeys', '1 kill'],
    serves: [0]
  },
  {
    title: 'a server has kept a signal for itself long ago, and crashes: another one follows',
    rules: ONE,
    lines: ['0 own signal', '... until 0 due signal 0', '1 crash'],
    serves: [0]
  },
  {
    title: 'one of two has kept a signal for itself long ago, and leaves: another one follows, and a reload works',
    lines: ['0 own signal', '... until 0 due signal 0', '2 server stops', '... until 0 hears 2', '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'one of two keeps a signal for itself while the other one is down: that one comes back',
    lines: ['2 crash', '0 hears 2', '0 own signal', '... until 0 due signal 0', '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'one of two keeps a signal for itself that ends the other one in its boot: that one comes back',
    lines: ['2 crash', '... until 0 starts 2', '0 own signal', '... until 0 due signal 0', '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title:
      'the one that has kept a signal is killed before that is certain, and the other one was down: both come back',
    lines: ['2 crash', '0 hears 2', '0 own signal', '1 obeys', '1 kill', '... until 0 due signal 0'],
    serves: [0, 0]
  },
  {
    title:
      'a server that stands still when its app gets a signal shows later that it goes on: the other one comes back',
    lines: ['2 crash', '0 hears 2', '1 stall', '0 own signal', '... until 0 due signal 0', '1 resumes'],
    serves: [0, 0]
  },
  {
    title: 'a signal that nobody is there to keep is the end',
    rules: ONE,
    lines: ['1 crash', '0 hears 1', '0 own signal'],
    serves: []
  }
]

/** Half a minute and more. */
const LONG_AFTER = ['1 stall', '0 silent 0', '0 due silence 0', '1 resumes', '1 hears', '0 hears 1']

/** A reload that finds a server which does not serve. */
const AWAITED: readonly Story[] = [
  {
    title: 'one of two that have served for long leaves, and the reload waits until it has left',
    rules: { busy: true },
    lines: [...LONG_AFTER, '1 server stops', '0 hears 1', '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'one of two that have served for long leaves when the reload has just asked whether it answers',
    rules: { busy: true },
    lines: [...LONG_AFTER, '0 reload', '1 server stops'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'one of two that have served for long leaves, and needs more than half a minute: the reload waits',
    rules: { apps: [60_000], busy: true },
    lines: [...LONG_AFTER, '2 server stops', '0 hears 2', '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'one of two that have served for long has crashed, and the next one is being started: the reload waits',
    lines: [...LONG_AFTER, '1 crash', '... until 0 due restart 0', '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  }
]

export const STORIES: readonly Story[] = [
  ...stops,
  givenBack,
  ...standsStill,
  ...WATCHED_STORIES,
  ...endings,
  ...twoLimits,
  ...burst,
  ...SCALINGS,
  ...OWN_SIGNAL,
  ...AWAITED,
  {
    title: 'a server that finishes what it has outlives the one before it, whose place another one has by now',
    rules: ONE,
    lines: [...reloaded(1), '2 hears', ...reloaded(2), '1 work drain: drained', '1 work close apps: closed'],
    asks: ['success', 'success'],
    serves: [2]
  },
  {
    title: 'a child that is ready hangs, and its parent is killed: it has nothing in progress, and is killed too',
    rules: { workers: 1, timers: 'any', network: 'prompt' },
    lines: [
      ...['0 reload', '1 hears', '0 hears 1', '1 hears', '1 work hooks: approved', '0 hears 1', '0 starts 1'],
      ...['0 hears 2', '2 work boot: some listen', '1 hears', '2 due claims', '2 hang'],
      '0 due turn 0'
    ],
    asks: ['failure'],
    serves: [1]
  },
  {
    title: 'a server that takes the place of its parent before there is a process for it has its limit from then on',
    rules: { workers: 1, timers: 'in order', network: 'slow' },
    lines: [
      ...['0 reload', '1 hears', '0 hears 1', '1 hears', '1 work hooks: approved', '0 hears 1', '1 stall'],
      ...['0 due turn 0', '0 due kill 0', '0 noted', '0 due boot 1', '0 starts 1', '2 hang']
    ],
    asks: ['failure'],
    serves: [1]
  },
  {
    title:
      'the only server is told to end by a signal, and its child on probation hangs: nobody follows without sockets',
    rules: ONE,
    lines: ['0 reload', '... until 2 work load: loaded', '0 signal', '2 hang'],
    asks: ['failure'],
    serves: []
  },
  {
    title: 'a child that gives up hangs before it has left: it is killed, though it had a reload to serve in',
    lines: [...(STAGES['the first child loading'] ?? []), '3 roll back', '3 hang'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'a child takes the place of its parent before there is a process for it, and there never is one',
    lines: [...(STAGES.making ?? []), '0 hears 1', '1 kill', '0 hears 1', '0 no start 2'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'a server whose process is not there yet does not serve in time: nobody says that it lacks the plugin',
    rules: { workers: 1, timers: 'any', network: 'slow' },
    lines: [...(STAGES.making ?? []), '0 hears 1', '1 kill', '0 hears 1', '0 noted', '0 reload', '0 due turn 0'],
    asks: ['failure', 'failure'],
    serves: [1]
  },
  {
    title:
      'the service manager hears of a failed reload when the next one has failed: each is concluded by its own note',
    rules: { workers: 1, timers: 'any', network: 'slow' },
    lines: [
      ...[...(STAGES.making ?? []), '0 hears 1', '1 kill', '0 hears 1', '0 reload', '0 due tell 0'],
      ...['0 due turn 0', '0 noted', '0 noted']
    ],
    asks: ['failure', 'failure'],
    serves: [1]
  },
  {
    title: 'one of two workers hangs during a reload, and is replaced',
    lines: ['2 hang', '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'one of two workers hangs while the other one has its turn',
    lines: [...(STAGES.making ?? []), '2 hang'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'one of two workers hangs, and the service is stopped',
    lines: ['2 hang', '0 stop'],
    serves: []
  },
  {
    title: 'one of two workers hangs during a stop',
    lines: ['0 stop', '2 hang'],
    serves: []
  },
  {
    title: 'a worker crashes for the sixth time, and the reload that follows brings the new code',
    lines: [...SIX_CRASHES, '0 reload'],
    asks: ['success'],
    serves: [1, 1]
  },
  {
    title: 'the second child dies while the first one has passed: all come back',
    lines: [...(STAGES['the first one passed'] ?? []), '4 kill'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'a child dies when the commit is on its way: another server with the new code follows',
    rules: ONE,
    lines: [...CONFIRMED, '1 hears', '0 hears 1', '2 kill'],
    asks: ['success'],
    serves: [1]
  },
  {
    title: 'a child dies when its parent has said that it passed: the parent comes back',
    rules: ONE,
    lines: [...CONFIRMED, '1 hears', '2 kill', '0 hears 2', '0 hears 1'],
    asks: ['failure'],
    serves: [0]
  },
  {
    title: 'the only server hangs, and a reload replaces it',
    rules: ONE,
    lines: ['1 hang', '0 reload'],
    asks: ['success'],
    serves: [1]
  },
  {
    title: 'the only server hangs, and the service is stopped',
    rules: ONE,
    lines: ['1 hang', '0 stop'],
    serves: []
  },
  {
    title: 'a child hangs in its boot, and the servers stay',
    lines: ['0 reload', '... until 0 starts 2', '3 boot hangs'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'a child crashes in its boot, and the servers stay',
    lines: ['0 reload', '... until 0 starts 2', '3 crash'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'the first child is found not to be well while the second one boots: all come back',
    lines: [...(STAGES['the second child booting'] ?? []), '1 unwell'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'a server that was silent while it was needed says that it leaves, and falls silent again',
    lines: ['1 stall', '0 silent 0', '0 due silence 0', '1 resumes', '1 server stops', '0 hears 1'],
    serves: [0, 0]
  },
  {
    title: 'the time of a server for its reload is over before it has heard that its child confirms',
    rules: { workers: 1, timers: 'any', network: 'slow' },
    lines: ['0 reload', '... until 1 due probation', '0 hears 1', '0 due turn 0'],
    asks: ['failure'],
    serves: [1]
  },
  {
    title: 'a child is found not to be well when its reload is as good as made: all come back',
    lines: [...(STAGES['the first one passed'] ?? []), '1 unwell'],
    asks: ['failure'],
    serves: [0, 0]
  },
  {
    title: 'the second child gives the service back: all come back',
    lines: [...(STAGES['the second child serving'] ?? []), '4 roll back'],
    asks: ['failure'],
    serves: [0, 0]
  }
]
