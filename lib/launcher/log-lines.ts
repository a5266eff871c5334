import type { Level } from '../events.js'
import { describeEnding } from '../process/channel-process.js'
import type { Notice, Server as ServerState } from '../protocol/launcher.js'
import { toError } from '../util/to-error.js'
import { bootLimit, SILENCE } from './limits.js'
import type { Server } from './server.js'
import type { Servers } from './servers.js'

/** A line of the launcher's log. */
export function lineOf(notice: Notice, servers: Servers): string {
  const pid = 'server' in notice && typeof notice.server === 'number' ? servers.find(notice.server)?.pid : undefined
  switch (notice.about) {
    case 'queued':
      return `reload (${notice.reason}): another reload is in progress, so one more will follow it`
    case 'queued behind scaling':
      return `reload (${notice.reason}): waiting until the number of workers has changed`
    case 'scale queued':
      return `workers (${notice.reason}): waiting for another change or a reload`
    case 'scaling':
      return `workers (${notice.reason}): from ${notice.before} to ${notice.target}`
    case 'scaled':
      return `workers (${notice.reason}): now ${notice.target}, before ${notice.before}`
    case 'not scaled':
      return `workers (${notice.reason}): the number stays at ${notice.before}; requested: ${notice.target}`
    case 'waiting': {
      const { reason, server } = notice
      const delay = describeDelay(server, server && servers.find(server.id)?.pid)
      return `reload (${reason}): ${delay}; waiting for a server that serves`
    }
    case 'hung':
      return `reload (${notice.reason}): server ${pid} does not answer; killing it and starting another one`
    case 'held': {
      const ending = servers.find(notice.server)?.ending
      const how = ending === undefined ? 'has failed and is leaving' : describeEnding(ending)
      return `server ${pid} ${how}; the next one starts when a file changes`
    }
    case 'not started':
      return toError(notice.error).message
    case 'no boot': {
      const reported = servers.find(notice.server)?.readyTimeout ?? 0
      const limit = bootLimit(servers.service, notice.crashes, reported)
      return `server ${pid} does not serve within ${limit} ms: killing it`
    }
    case 'late':
      return `server ${pid} has not reported the progress of its reload in time: killing it`
    case 'silent':
      return `server ${pid} has not answered for ${SILENCE} ms; the launcher gives it no connections until it answers`
    case 'answers':
      return `server ${pid} answers again`
    case 'deaf':
      return `server ${pid} is leaving and does not answer: killing it`
    case 'no stop':
      return `server ${pid} does not end in time: killing it`
    case 'no end':
      return `server ${pid} was killed and does not end; the launcher no longer waits for it`
    default:
      return notice satisfies never
  }
}

/** Whether a person has to act. */
export function levelOf({ about }: Notice): Level {
  if (QUIET.has(about)) return 'info'
  return about === 'not started' || about === 'no boot' || about === 'not scaled' ? 'error' : 'warn'
}

const QUIET: ReadonlySet<Notice['about']> = new Set([
  'queued',
  'queued behind scaling',
  'scale queued',
  'scaling',
  'scaled',
  'waiting',
  'answers'
])

/** Why another server starts. */
export function restartLine(lost: Server, pause: number): string {
  const how = lost.ending === undefined ? 'has failed and is leaving' : describeEnding(lost.ending)
  return `server ${lost.pid} ${how}: starting another one in ${pause} ms`
}

function describeDelay(server: ServerState | undefined, pid: number | undefined): string {
  if (server === undefined || server.stage === 'ended') return 'no server runs'
  if (server.leaves !== 'no') return `server ${pid} is leaving`
  const why = server.hasPlugin ? 'does not serve yet' : 'has not loaded fastify-graceful-reload, or not yet'
  return `server ${pid} ${why}`
}
