import { begin, type Input, type Place, type Server, step } from '../../lib/protocol/server.js'

/** A transition: from a state, by an input, to another state. */
interface Transition {
  readonly from: string
  readonly by: string
  readonly to: string
}

const stop = { type: 'stop', reason: 'x', lameDuck: false, awaitsParent: false } as const

/** Every input there is, for the first children of a process. */
function inputsFor({ at, children }: Server): Input[] {
  const child = 'child' in at && at.child !== undefined ? at.child : children
  const said = (word: Extract<Input, { type: 'child said' }>['word']): Input => ({ type: 'child said', child, word })
  const parent = (word: Extract<Input, { type: 'parent said' }>['word']): Input => ({ type: 'parent said', word })
  const timers = [
    'ready',
    'probation',
    'confirm',
    'undo',
    'kill',
    'end',
    'tell',
    'claims',
    'boot',
    'word',
    'load',
    'check',
    'settle',
    'give back',
    'lame duck',
    'stop'
  ] as const
  return [
    { type: 'opened' },
    { type: 'progress', listening: true, complete: true },
    { type: 'progress', listening: true, complete: false },
    { type: 'reload', ask: undefined, reason: 'x' },
    { type: 'reload', ask: undefined, reason: 'x', supervised: true },
    { type: 'check', ask: 1, reason: 'x', saves: false },
    { type: 'check', ask: 1, reason: 'x', saves: true },
    { ...stop, cause: 'asked' },
    { ...stop, cause: 'asked', lameDuck: true },
    { ...stop, cause: 'error' },
    { ...stop, cause: 'app closes' },
    { type: 'force', reason: 'x' },
    { type: 'roll back', reason: 'x' },
    { type: 'healthy' },
    { type: 'unwell', child, isSilent: false, how: 'x' },
    { type: 'unwell', child, isSilent: true, how: 'x' },
    { type: 'last app closed' },
    { type: 'approved', saves: false },
    { type: 'approved', saves: true },
    { type: 'vetoed', error: 'x' },
    { type: 'started', child },
    { type: 'not started', child, error: 'x' },
    { type: 'saved', child },
    { type: 'not saved', child, error: 'x' },
    { type: 'not sent', child, error: 'x' },
    { type: 'loaded' },
    { type: 'not loaded', error: 'x' },
    { type: 'accepted' },
    { type: 'not accepted', error: 'x' },
    said({ type: 'ready' }),
    said({ type: 'ready', error: 'x' }),
    said({ type: 'ready', isCheck: true }),
    said({ type: 'checked' }),
    said({ type: 'serving' }),
    said({ type: 'confirmed' }),
    said({ type: 'roll back', reason: 'x' }),
    said({ type: 'stopping', reason: 'x' }),
    said({ type: 'reload requested', reason: 'x' }),
    { type: 'child ended', child, how: 'x', again: undefined },
    parent({ type: 'take over' }),
    parent({ type: 'try' }),
    parent({ type: 'confirm' }),
    parent({ type: 'settled' }),
    parent({ type: 'taken back' }),
    parent({ type: 'give up', reason: 'x' }),
    parent({ type: 'stop', reason: 'x', lameDuck: false }),
    { type: 'parent gone' },
    { type: 'commit' },
    { type: 'undo', reason: 'x' },
    { type: 'noted', child },
    { type: 'concluded', child },
    { type: 'drained', cut: false },
    { type: 'apps closed', failed: false },
    ...timers.map((timer): Input => ({ type: 'due', timer }))
  ]
}

/**
 * All transitions between states that the machine of a server process can make, found by trying every input in every
 * state.
 */
export function transitions(): Transition[] {
  const found = new Map<string, Transition>()
  const seen = new Set<string>()
  const open = [begin('first', false), begin('successor', false), begin('check', false)]
  for (let server = open.pop(); server !== undefined; server = open.pop()) {
    for (const input of inputsFor(server)) {
      const [next] = step(server, input)
      const transition = { from: nameOf(server.at), by: nameOfInput(input), to: nameOf(next.at) }
      if (transition.from !== transition.to) found.set(Object.values(transition).join(), transition)
      const key = keyOf(next)
      if (next.children > 1 || seen.has(key)) continue
      seen.add(key)
      open.push(next)
    }
  }
  return [...found.values()]
}

/**
 * The transitions as rows of a Markdown table: a row for each pair of states, with all that leads from one to the
 * other.
 */
export function stateTable(): string {
  const rows = new Map<string, Set<string>>()
  for (const { from, by, to } of transitions()) {
    const pair = `| ${from} | ${to} |`
    rows.set(pair, (rows.get(pair) ?? new Set()).add(by))
  }
  const lines = [...rows].map(([pair, causes]) => `${pair} ${[...causes].sort().join('; ')} |`)
  return ['| from | to | by |', '| --- | --- | --- |', ...lines.sort()].join('\n')
}

function nameOf(at: Place): string {
  return 'stage' in at ? `${at.name}: ${at.stage}` : at.name
}

function nameOfInput(input: Input): string {
  switch (input.type) {
    case 'due':
      return `limit *${input.timer}*`
    case 'child said':
      return input.word.type === 'ready' && input.word.error !== undefined
        ? 'child says *ready*, with a defect'
        : `child says *${input.word.type}*`
    case 'parent said':
      return `parent says *${input.word.type}*`
    case 'stop':
      return input.cause === 'asked' ? 'stop' : input.cause
    default:
      return input.type
  }
}

/** What the table does not show does not make another state. */
function keyOf({ at, queued, parent, children }: Server): string {
  return JSON.stringify([at, queued !== undefined, parent, children], (key, value) => (key === 'reason' ? '' : value))
}
