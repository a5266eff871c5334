import type { Story as StoryOf } from '../story.js'
import type { Rules, Throwing } from './rules.js'

type Story = StoryOf<Rules>

/** What happened once, or must never happen. */

const BOOT = [
  '1 reload',
  '1 work hooks: approved',
  '1 work spawn 1: started',
  '2 work boot: all listen',
  '2 work offer: ready'
]
const READY = [...BOOT, '1 hears 2']
const LOADING = [...READY, '2 hears parent']
const ACCEPTS = [...LOADING, '2 work load: loaded']
const PROBATION = [...ACCEPTS, '1 hears 2']
const CONFIRMING = [...PROBATION, '1 due probation']
/** The same for apps with their own check, which must answer. */
const CONFIRMED = [...CONFIRMING, '2 hears parent']
const RELOADED = [...CONFIRMED, '1 hears 2']
const SETTLED = [...RELOADED, '1 work note 1: noted', '2 hears parent']

/** A reload, cut off after each of its stages. */
const STAGES: Readonly<Record<string, readonly string[]>> = {
  'asking hooks': BOOT.slice(0, 1),
  starting: BOOT.slice(0, 2),
  booting: BOOT.slice(0, 3),
  ready: BOOT,
  'handing over': READY,
  loading: LOADING,
  'serving unheard': ACCEPTS,
  probation: PROBATION,
  confirming: CONFIRMING,
  'confirmed unheard': CONFIRMED,
  reloaded: RELOADED,
  settled: SETTLED
}

const isOver = (stage: string): boolean => ['reloaded', 'settled'].includes(stage)
const hasChild = (stage: string): boolean => !['asking hooks', 'starting'].includes(stage)

const atEachStage: Story[] = Object.entries(STAGES).flatMap(([stage, lines]) => [
  {
    title: `a stop, ${stage}`,
    lines: [...lines, '1 stop'],
    // A parent that has let go stops alone.
    serves: isOver(stage) ? [2] : []
  },
  {
    title: `the parent dies, ${stage}`,
    lines: [...lines, '1 kill'],
    serves: hasChild(stage) ? [2] : []
  },
  ...(hasChild(stage)
    ? [{ title: `the child dies, ${stage}`, lines: [...lines, '2 kill'], serves: diesTooLate(stage) ? [] : [1] }]
    : [])
])

/** The parent lets go as soon as it hears that the child serves for good. */
function diesTooLate(stage: string): boolean {
  return isOver(stage) || stage === 'confirmed unheard'
}

const CHECK_BOOT = ['1 check', '1 work spawn 1: started', '2 work boot: all listen', '2 work offer: ready', '1 hears 2']
const CHECK_SAVED = [...CHECK_BOOT, '1 work save 1: saved']
const TRYING = [...CHECK_SAVED, '2 hears parent']
const PASSED = [...TRYING, '2 work load: loaded', '1 hears 2']

/** A check, cut off after each of its stages, of apps with state. */
const CHECK_STAGES: Readonly<Record<string, readonly string[]>> = {
  starting: CHECK_BOOT.slice(0, 1),
  booting: CHECK_BOOT.slice(0, 2),
  saving: CHECK_BOOT,
  'about to try': CHECK_SAVED,
  trying: TRYING,
  'passed unheard': PASSED.slice(0, -1),
  ending: PASSED
}

const checksAtEachStage: Story[] = Object.entries(CHECK_STAGES).flatMap(([stage, lines]) => {
  const rules = { saves: true }
  const hasPassed = stage === 'ending'
  const hasChild = stage !== 'starting'
  return [
    { title: `a stop in a check, ${stage}`, rules, lines: [...lines, '1 stop'], serves: [], asks: ['no check'] },
    {
      title: `a reload in a check, ${stage}`,
      rules,
      lines: [...lines, '1 reload'],
      // If it was still being started, the process has started and ended, or will.
      serves: [hasChild ? 3 : undefined].filter((id) => id !== undefined),
      asks: [hasPassed ? 'success' : 'no check', 'success']
    },
    { title: `a force in a check, ${stage}`, rules, lines: [...lines, '1 force'], serves: [], asks: ['no check'] },
    { title: `the parent dies in a check, ${stage}`, rules, lines: [...lines, '1 kill'], serves: [] },
    ...(hasChild
      ? [
          {
            title: `the child dies in a check, ${stage}`,
            rules,
            lines: [...lines, '2 kill'],
            serves: [1],
            // What it had said before is heard.
            asks: [hasPassed || stage === 'passed unheard' ? 'success' : 'failure']
          }
        ]
      : [])
  ]
})

const checks: Story[] = [
  ...checksAtEachStage.filter(({ title }) => title !== 'a reload in a check, starting'),
  {
    title: 'a reload in a check, starting: the child that comes late is killed',
    lines: ['1 check', '1 reload', '1 work spawn 1: started'],
    serves: [3],
    asks: ['no check', 'success']
  },
  { title: 'a check', lines: ['1 check'], serves: [1], asks: ['success'] },
  { title: 'a check with state', rules: { saves: true }, lines: ['1 check'], serves: [1], asks: ['success'] },
  {
    title: 'a check with state that cannot be saved',
    rules: { saves: true },
    lines: [...CHECK_BOOT, '1 work save 1: not saved'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a check with state that cannot be loaded',
    rules: { saves: true },
    lines: [...TRYING, '2 work load: not loaded'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a check with state that cannot be sent',
    rules: { saves: true },
    lines: [...CHECK_SAVED, '1 fail take over'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a check whose child never boots',
    lines: ['1 check', '1 work spawn 1: started', '2 work boot: hangs', '... until 1 due ready'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a check whose child does not close is killed, and has passed',
    lines: [...CHECK_BOOT, '2 hears parent', '... until 2 work close apps: hangs', '... until 1 due end'],
    serves: [1],
    asks: ['success']
  },
  {
    title: 'a check of a release that knows none: it never hears that it may take over',
    rules: { old: true, saves: true },
    lines: CHECK_BOOT,
    serves: [1],
    asks: ['success']
  },
  {
    title: 'the parent dies in a check of a release that knows none',
    rules: { old: true },
    lines: [...CHECK_BOOT.slice(0, -1), '1 kill'],
    serves: []
  },
  { title: 'two checks', lines: ['1 check', '1 check'], serves: [1], asks: ['success', 'no check'] },
  { title: 'a check in a reload', lines: ['1 reload', '1 check'], serves: [2], asks: ['success', 'no check'] },
  {
    title: 'a check on probation',
    lines: [...PROBATION, '2 check', '1 check'],
    serves: [2],
    asks: ['success', 'no check', 'no check']
  },
  {
    title: 'a check behind a check, and a reload behind that',
    lines: [
      '1 check',
      '... until 1 work conclude 1: concluded',
      '1 check',
      '... until 1 work conclude 2: concluded',
      '1 reload'
    ],
    serves: [4],
    asks: ['success', 'success', 'success']
  },
  {
    title: 'a reload signal that ends the child of a check in its boot is the failure of the check, and no request',
    lines: ['1 check', '1 work spawn 1: started', '2 hang up'],
    serves: [1],
    asks: ['failure']
  }
]

/** Something throws: a logger, a subscriber, a hook, or a reason that cannot be written. The service goes on. */
const THROWING: Readonly<Record<Throwing, Omit<Story, 'title'>>> = {
  'note child': { lines: ['1 throw note child', '1 reload'], serves: [2], asks: ['success'] },
  'note check': { lines: ['1 throw note check', '1 check'], serves: [1], asks: ['success'] },
  queue: { lines: [...BOOT, '1 throw queue', '1 reload', '2 kill'], serves: [3], asks: ['failure', 'success'] },
  conclude: { lines: ['1 throw conclude', '1 reload'], serves: [2], asks: ['success'] },
  'be lame duck': { lines: ['1 throw be lame duck', '1 stop lame duck'], serves: [] },
  warn: { lines: [...BOOT.slice(0, 3), '2 throw warn', '1 kill'], serves: [2] },
  accept: { lines: [...READY, '2 throw accept'], serves: [1], asks: ['failure'] }
}

const throwing = Object.entries(THROWING).map(
  ([effect, story]): Story => ({ title: `nobody can be told ("${effect}" throws)`, ...story })
)

/** Two apps, the second of which has a longer limit, and needs it. */
const TWO_LIMITS = { apps: [500, 60_000], busy: true, timers: 'in order', network: 'prompt' } as const

const twoLimits: Story[] = [
  { title: 'a stop waits for the app with the longer limit', rules: TWO_LIMITS, lines: ['1 stop'], serves: [] },
  {
    title: 'a lame duck waits for the app with the longer limit',
    rules: TWO_LIMITS,
    lines: ['1 stop lame duck', '... until 1 due lame duck'],
    serves: []
  },
  {
    title: 'a stop in the probation waits for the app of the child with the longer limit',
    rules: TWO_LIMITS,
    lines: [...PROBATION, '1 stop', '... until 2 work drain: drained'],
    serves: []
  },
  {
    title: 'a parent that has been reloaded waits for the app with the longer limit',
    rules: TWO_LIMITS,
    lines: ['1 reload', '... until 1 work drain: drained'],
    serves: [2],
    asks: ['success']
  }
]

/** How a child on probation comes to nothing. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  'gives the service back': ['2 roll back'],
  'is not well': ['1 unwell'],
  'does not answer': ['2 stall', '1 silent'],
  'has an error': ['2 error'],
  'is killed': ['2 kill'],
  'is forced': ['2 force'],
  'does not confirm': ['1 due probation', '2 stall', '1 due confirm']
}

/** How far a child on probation has come when its parent stands still. */
const STILL: Readonly<Record<string, Pick<Story, 'rules' | 'lines'>>> = {
  'on probation': { lines: [...PROBATION, '1 stall', '2 reload'] },
  'that was asked before it served': { lines: [...LOADING, '2 reload', '2 work load: loaded', '1 stall'] },
  'whose apps are asked whether they are well': {
    rules: { checks: true },
    lines: [...CONFIRMED, '1 stall', '2 reload']
  },
  'that has confirmed': { lines: [...CONFIRMED, '1 stall', '2 reload'] },
  'that gives the service back': { lines: [...PROBATION, '1 stall', '2 roll back', '2 reload'] },
  'that gives the service back, and was asked before': { lines: [...PROBATION, '1 stall', '2 reload', '2 roll back'] },
  'that was not taken back': { lines: [...PROBATION, '1 stall', '2 roll back', '2 due give back', '2 reload'] }
}

/** Nobody waits for a parent that stands still. If it has heard of the request when it still may, that is not lost. */
const whileTheParentStandsStill: Story[] = Object.entries(STILL).map(([where, { rules = {}, lines }]) => ({
  title: `a caller at a child ${where} is answered though the parent stands still`,
  rules,
  lines: [...lines, '2 due settle'],
  serves: [where.includes('has confirmed') ? 2 : 3],
  asks: [where.includes('back') ? 'failure' : 'success', 'unknown']
}))

/** The release that a child has loaded is bad, and the one that mends it has been deployed. */
const requestsOfAChild: Story[] = [
  ...Object.entries(ENDS).flatMap(([end, lines]): Story[] => [
    {
      title: `a reload signal to a child on probation that ${end} is obeyed by the parent`,
      lines: [...PROBATION, '2 signal', ...lines],
      serves: [3],
      asks: ['failure']
    },
    {
      title: `a child on probation that ${end} does not know how a reload ends that was asked of it`,
      lines: [...PROBATION, '2 reload', ...lines],
      serves: [3],
      asks: ['failure', ['is killed', 'does not answer', 'does not confirm'].includes(end) ? undefined : 'unknown']
    }
  ]),
  {
    title: 'a reload signal to a child that gives the service back already is obeyed by the parent',
    lines: [...PROBATION, '2 roll back', '2 signal', '1 hears 2', '2 hears parent'],
    serves: [3],
    asks: ['failure']
  },
  {
    title: 'a reload signal to a child that was taken back is obeyed by the parent',
    lines: [...PROBATION, '2 roll back', '1 hears 2', '2 hears parent', '2 signal'],
    serves: [3],
    asks: ['failure']
  },
  {
    title: 'a reload that is asked of a child that was taken back is made by the parent',
    lines: [...PROBATION, '2 roll back', '1 hears 2', '2 hears parent', '2 reload'],
    serves: [3],
    asks: ['failure', 'unknown']
  },
  {
    title: 'a reload signal to a child that accepts unheard, and is killed, is obeyed by the parent',
    lines: [...ACCEPTS, '2 signal', '2 kill'],
    serves: [3],
    asks: ['failure']
  },
  {
    title: 'a reload signal to a child that boots is obeyed by the parent if the child ends',
    lines: [...BOOT.slice(0, 3), '2 signal', '2 error'],
    serves: [3],
    asks: ['failure']
  },
  {
    title: 'a reload signal to a child on probation that comes to serve for good is obeyed by the child, once',
    lines: [...PROBATION, '2 signal'],
    serves: [3],
    asks: ['success']
  },
  {
    title: 'reload signals to both sides of a probation make one reload',
    lines: [...PROBATION, '2 signal', '1 signal'],
    serves: [3],
    asks: ['success']
  },
  {
    title: 'a reload that is asked for of a child on probation which is stopped is refused',
    lines: [...PROBATION, '2 reload', '2 stop'],
    serves: [],
    asks: ['stopping', 'stopping']
  }
]

export const STORIES: readonly Story[] = [
  ...atEachStage,
  ...checks,
  { title: 'a reload', lines: ['1 reload'], serves: [2], asks: ['success'] },
  ...throwing,
  {
    title: 'the child of a reload that nobody could be told of ends with its parent',
    lines: ['1 throw note child', ...BOOT.slice(0, 3), '1 stop'],
    serves: [],
    asks: ['stopping']
  },
  {
    title: "the path of a socket was removed, and now is somebody else's: no child is started, and the parent serves",
    lines: [...BOOT.slice(0, 2), '1 work spawn 1: not started'],
    serves: [1],
    asks: ['failure']
  },
  ...twoLimits,
  {
    title: 'another worker fails while the child accepts, unheard: it finishes what it has, and is not killed',
    rules: { launched: true },
    lines: [
      ...['1 supervised', ...BOOT.slice(1), '1 hears 2', '2 hears parent', '2 work load: loaded', '1 undo'],
      ...['1 hears 2', '2 hears parent']
    ],
    serves: [1]
  },
  {
    title: 'a stop while the child is asked to give up: it finishes what it has, and is not killed',
    lines: [...PROBATION, '1 unwell', '1 stop'],
    serves: []
  },
  {
    title: 'the parent stalls past the end of the probation, and the child dies meanwhile',
    lines: [...PROBATION, '1 stall', '2 kill', '1 resumes', '1 due probation'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'the child gives back in the last moment of the probation',
    lines: [...PROBATION, '2 roll back', '1 due probation'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'the child gives back while the question whether it serves is on its way',
    lines: [...CONFIRMING, '2 roll back', '2 hears parent', '1 hears 2'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a child that is not well is taken back',
    lines: [...PROBATION, '1 unwell'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a child that does not answer is killed',
    lines: [...PROBATION, '2 stall', '1 silent'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a child that stops answering while it is asked to give up is killed',
    lines: [...PROBATION, '1 unwell', '2 stall', '1 due undo', '1 due kill'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a child whose apps are not well does not confirm',
    rules: { checks: true },
    lines: [...CONFIRMED, '2 work check: unhealthy'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a child whose apps do not say whether they are well does not confirm',
    rules: { checks: true },
    lines: [...CONFIRMED, '2 work check: hangs'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a stop while the apps of the child are asked whether they are well',
    rules: { checks: true },
    lines: [...CONFIRMED, '1 stop'],
    serves: []
  },
  {
    title: 'the parent dies while the apps of its child are asked whether they are well',
    rules: { checks: true },
    lines: [...CONFIRMED, '1 kill'],
    serves: [2]
  },
  {
    title: 'a child that is found not to be well after it has confirmed, before its parent has heard that',
    lines: [...CONFIRMED, '1 unwell'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'the child gives back after it has confirmed: too late',
    lines: [...CONFIRMED, '2 roll back'],
    serves: [2],
    asks: ['success']
  },
  {
    title: 'an error of the child on probation brings the parent back',
    lines: [...PROBATION, '2 error'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a child with an error does not wait for a parent that stalls, and the parent comes back later',
    lines: [
      ...PROBATION,
      '1 stall',
      '2 error',
      '2 due give back',
      '2 work drain: drained',
      '2 work close apps: closed',
      '1 resumes'
    ],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'the state cannot be sent, and the next reload works',
    rules: { saves: true },
    lines: [...READY, '1 work save 1: saved', '1 fail take over'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'the state cannot be sent, and a stop ends the parent',
    rules: { saves: true },
    lines: [...READY, '1 work save 1: saved', '1 fail take over', '1 stop'],
    serves: [],
    asks: ['stopping']
  },
  {
    title: 'the one who waits for the outcome of a reload is answered though a hook hangs',
    lines: [...BOOT.slice(0, 1), '1 due ready', '1 work note 1: noted', '1 work conclude 1: hangs'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'a reload that is asked for during a reload is made by the child',
    lines: [...PROBATION, '1 reload'],
    serves: [3],
    asks: ['success', 'success']
  },
  {
    title: 'a parent that has passed a reload on ends well at its limit, and says that it does not know the outcome',
    rules: { timers: 'in order', network: 'prompt' },
    lines: [
      ...[...RELOADED, '1 reload', '1 work note 1: noted', '1 work conclude 1: concluded', '1 work drain: drained'],
      ...['1 work close apps: closed', '... until 2 work hooks: hangs', '... until 1 due stop']
    ],
    serves: [2],
    asks: ['success', 'unknown']
  },
  {
    title: 'the child serves for good, though nobody could be told that the reload succeeded, before its parent drains',
    lines: ['1 throw conclude', ...RELOADED, '1 work conclude 1: concluded', '2 hears parent', '2 check'],
    serves: [2],
    asks: ['success', 'success']
  },
  {
    title: 'the child serves for good, though the service manager does not answer, before its parent drains',
    lines: [...RELOADED, '1 work note 1: hangs', '1 due tell', '2 hears parent', '2 check'],
    serves: [2],
    asks: ['success', 'success']
  },
  {
    title: 'the child serves for good, though the service manager does not answer, and its parent is told to stop',
    lines: [...RELOADED, '1 stop', '1 work note 1: hangs', '1 due tell', '2 hears parent', '2 check'],
    serves: [2],
    asks: ['success', 'success']
  },
  {
    title: 'a reload that the child is asked for on probation is made once it is settled',
    lines: [...PROBATION, '2 reload'],
    serves: [3],
    asks: ['success', 'success']
  },
  ...requestsOfAChild,
  {
    title: 'a reload signal to a parent that has an error on probation is obeyed by the child',
    lines: [...PROBATION, '1 signal', '1 error'],
    serves: [3],
    asks: ['stopping']
  },
  {
    title: 'a reload signal to a parent that has an error while it hands over is obeyed by the child',
    lines: [...READY, '1 signal', '1 error'],
    serves: [3],
    asks: ['stopping']
  },
  {
    title:
      'a caller at a parent that closes itself on probation does not know how the reload ends that the child makes',
    lines: [...PROBATION, '1 reload', '1 app closes'],
    serves: [3],
    asks: ['stopping', 'unknown']
  },
  ...whileTheParentStandsStill,
  {
    title: 'a reload that is asked for during one that fails is made by the parent',
    lines: [...BOOT, '1 reload', '2 kill'],
    serves: [3],
    asks: ['failure', 'success']
  },
  {
    title: 'a reload signal that ends a child in its boot is one more request',
    lines: [...BOOT.slice(0, 3), '2 hang up'],
    serves: [3],
    asks: ['failure']
  },
  {
    title: 'a child of a reload that was taken back ends during the next one',
    lines: [
      ...PROBATION,
      '2 roll back',
      '1 hears 2',
      '1 work note 1: noted',
      '1 reload',
      '2 hears parent',
      '2 work drain: drained',
      '2 work close apps: closed',
      '1 hears 2'
    ],
    serves: [3],
    asks: ['failure', 'success']
  },
  {
    title: 'a child that was too late is told to stop while its parent comes back',
    lines: [...ACCEPTS, '1 due ready', '2 stop', '1 hears 2', '1 due kill'],
    serves: []
  },
  {
    title: 'the parent has an error while it hands over, and its limit is over: the child serves',
    lines: [...READY, '1 error', '1 due ready'],
    serves: [2],
    asks: ['stopping']
  },
  {
    title: 'the parent closes itself while it hands over, its limit is over, and the process goes on: the child serves',
    rules: { lingers: true },
    lines: [...READY, '1 app closes', '1 due ready', '2 hears parent', '2 hears parent', '2 work load: loaded'],
    serves: [2],
    asks: ['stopping']
  },
  {
    title: 'a child is told that it serves for good while it loads, and its parent ends',
    lines: [...READY, '1 error', '1 due ready', '2 hears parent', '2 hears parent', '1 kill'],
    serves: [2]
  },
  {
    title: 'a stop after an error while the parent hands over takes the child along',
    lines: [...ACCEPTS, '1 error', '1 stop'],
    serves: []
  },
  {
    title: 'a child that cannot accept does not take the place of a parent that has saved its state',
    rules: { saves: true },
    lines: [...READY, '1 work save 1: saved', '2 throw accept'],
    serves: [1],
    asks: ['failure']
  },
  {
    title: 'an orphan that cannot accept ends',
    lines: [...LOADING, '2 throw accept', '1 kill'],
    serves: []
  },
  {
    title: 'an orphan whose loader hangs ends',
    lines: [...LOADING, '2 work load: hangs', '1 kill'],
    serves: []
  },
  {
    title: 'a stop that was on its way when the parent died reaches a child that reloads already',
    lines: [...PROBATION, '2 signal', '1 stop', '1 kill', '2 overtake'],
    serves: []
  }
]
