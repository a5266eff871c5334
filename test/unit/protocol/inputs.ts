import type { ChildWord, Input, ParentWord, Timer } from '../../../lib/protocol/server.js'

/** Inputs of the machine of a server process, by short names. */

const stop = { type: 'stop', reason: 'why', lameDuck: false, awaitsParent: false } as const
const error = 'what was thrown'
const child = 1
const said = (word: ChildWord): Input => ({ type: 'child said', child, word })
const told = (word: ParentWord): Input => ({ type: 'parent said', word })

const NAMED: Readonly<Record<string, Input>> = {
  opened: { type: 'opened' },
  listens: { type: 'progress', listening: true, complete: true },
  'listens partly': { type: 'progress', listening: true, complete: false },
  'listens no more': { type: 'progress', listening: false, complete: false },
  reload: { type: 'reload', ask: 1, reason: 'why' },
  'reload 2': { type: 'reload', ask: 2, reason: 'why 2' },
  signal: { type: 'reload', ask: undefined, reason: 'SIGHUP' },
  supervised: { type: 'reload', ask: undefined, reason: 'all', supervised: true },
  'supervised call': { type: 'reload', ask: 3, reason: 'all', supervised: true },
  check: { type: 'check', ask: 1, reason: 'why', saves: false },
  'check 2': { type: 'check', ask: 2, reason: 'why 2', saves: false },
  'check with state': { type: 'check', ask: 1, reason: 'why', saves: true },
  stop: { ...stop, cause: 'asked' },
  'stop late': { ...stop, cause: 'asked', lameDuck: true },
  'stop after parent': { ...stop, cause: 'asked', awaitsParent: true },
  error: { ...stop, cause: 'error' },
  'app closes': { ...stop, cause: 'app closes' },
  force: { type: 'force', reason: 'why' },
  'roll back': { type: 'roll back', reason: 'ill' },
  healthy: { type: 'healthy' },
  unwell: { type: 'unwell', child, isSilent: false, how: 'is ill' },
  silent: { type: 'unwell', child, isSilent: true, how: 'is silent' },
  'child 2 unwell': { type: 'unwell', child: 2, isSilent: true, how: 'is silent' },
  'confirm cut off': { type: 'due', timer: 'confirm', isCutOff: true },
  'undo cut off': { type: 'due', timer: 'undo', isCutOff: true },
  'last app closed': { type: 'last app closed' },
  approved: { type: 'approved', saves: false },
  'approved with state': { type: 'approved', saves: true },
  vetoed: { type: 'vetoed', error },
  started: { type: 'started', child },
  'started 2': { type: 'started', child: 2 },
  'not started': { type: 'not started', child, error },
  'not started 2': { type: 'not started', child: 2, error },
  saved: { type: 'saved', child },
  'saved for 2': { type: 'saved', child: 2 },
  'not saved': { type: 'not saved', child, error },
  'not saved for 2': { type: 'not saved', child: 2, error },
  'not sent': { type: 'not sent', child, error },
  'not sent 2': { type: 'not sent', child: 2, error },
  loaded: { type: 'loaded' },
  'not loaded': { type: 'not loaded', error },
  accepted: { type: 'accepted' },
  'not accepted': { type: 'not accepted', error },
  'child ready': said({ type: 'ready' }),
  'child ready for a check': said({ type: 'ready', isCheck: true }),
  'child checked': said({ type: 'checked' }),
  'child ready badly': said({ type: 'ready', error }),
  'child serving': said({ type: 'serving' }),
  'child confirmed': said({ type: 'confirmed' }),
  'child rolls back': said({ type: 'roll back', reason: 'ill' }),
  'child stopping': said({ type: 'stopping', reason: 'SIGTERM' }),
  'child requests': said({ type: 'reload requested', reason: 'SIGHUP to it' }),
  'child 2 requests': { type: 'child said', child: 2, word: { type: 'reload requested', reason: 'SIGHUP to it' } },
  'child boots': said({ type: 'boots' }),
  'child 2 ready': { type: 'child said', child: 2, word: { type: 'ready' } },
  'child 2 rolls back': { type: 'child said', child: 2, word: { type: 'roll back', reason: 'ill' } },
  'child 2 stopping': { type: 'child said', child: 2, word: { type: 'stopping', reason: 'SIGTERM' } },
  'child ended': { type: 'child ended', child, how: 'exit 1', again: undefined },
  'child ended by signal': { type: 'child ended', child, how: 'SIGHUP', again: 'SIGHUP' },
  'child 2 ended': { type: 'child ended', child: 2, how: 'exit 1', again: undefined },
  'take over': told({ type: 'take over' }),
  try: told({ type: 'try' }),
  confirm: told({ type: 'confirm' }),
  settled: told({ type: 'settled' }),
  'taken back': told({ type: 'taken back' }),
  'give up': told({ type: 'give up', reason: 'undone' }),
  'parent stops': told({ type: 'stop', reason: 'why', lameDuck: true }),
  'parent gone': { type: 'parent gone' },
  commit: { type: 'commit' },
  undo: { type: 'undo', reason: 'undone' },
  answered: { type: 'answered', ask: 1 },
  noted: { type: 'noted', child },
  'noted 2': { type: 'noted', child: 2 },
  concluded: { type: 'concluded', child },
  'concluded 2': { type: 'concluded', child: 2 },
  drained: { type: 'drained', cut: false },
  cut: { type: 'drained', cut: true },
  'apps closed': { type: 'apps closed', failed: false },
  'apps failed': { type: 'apps closed', failed: true }
}

/** The input of this name; `due …` is a timer. */
export function inputOf(name: string): Input {
  if (name.startsWith('due ')) return { type: 'due', timer: name.slice(4) as Timer }
  const input = NAMED[name]
  if (input === undefined) throw new Error(`no input is named ${name}`)
  return input
}

export const NAMES = Object.keys(NAMED)
