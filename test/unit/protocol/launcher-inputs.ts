import type { Input, Timer, Word } from '../../../lib/protocol/launcher.js'
import type { WorkerCount } from '../../../lib/protocol/worker-count.js'

/** Inputs of the machine of a launcher, in words: `0 serves`, `due turn 1`, `stop SIGTERM`. */
export function launcherInput(text: string): Input {
  const [first = '', ...rest] = text.split(' ')
  if (/^\d+$/.test(first)) return ofServer(Number(first), rest.join(' '))
  const id = Number(rest.at(-1))
  switch (first) {
    case 'start':
      return { type: first }
    case 'noted':
      return { type: first, ask: id }
    case 'started':
    case 'silent':
      return { type: first, server: id }
    case 'not':
      return { type: 'not started', server: id, error: 'EAGAIN' }
    case 'reload':
      return { type: 'reload', ask: id, reason: `why ${id}` }
    case 'scale':
      return { type: 'scale', ask: id, reason: `why ${id}`, wanted: wantedOf(rest[0] ?? '') }
    case 'stop':
    case 'forward':
      return { type: first, signal: rest[0] as NodeJS.Signals }
    case 'force':
      return { type: 'force', reason: 'why' }
    case 'due':
      return { type: 'due', timer: rest[0] as Timer, id }
    default:
      throw new Error(`"${text}" is no input`)
  }
}

function wantedOf(text: string): WorkerCount {
  return /^\d/.test(text) ? { to: Number(text) } : { by: Number(text) }
}

function ofServer(server: number, text: string): Input {
  if (!text.startsWith('ended ')) return { type: 'said', server, word: wordOf(text) }
  const isRefused = text.endsWith(' refused')
  const how = text.slice(6).replace(' refused', '')
  const hasExited = /^\d+$/.test(how)
  return {
    type: 'ended',
    server,
    ending: { exitCode: hasExited ? Number(how) : null, signal: hasExited ? null : (how as NodeJS.Signals) },
    isRefused
  }
}

function wordOf(text: string): Word {
  if (text.startsWith('start child ')) return { type: 'start child', child: Number(text.slice(12)) }
  switch (text) {
    case 'serves':
    case 'serves with own signals':
      return { type: 'serves', ownSignals: text !== 'serves' }
    case 'leaves':
    case 'leaves by error':
      return { type: 'leaves', isError: text !== 'leaves' }
    case 'reload made':
      return { type: text, result: {} as never }
    case 'reload failed':
    case 'unwell':
      return { type: text, error: { name: 'Error', message: 'why' } }
    default:
      return { type: text } as Word
  }
}
