import type { Step } from './launcher-effects.js'
import { decideLater } from './launcher-forward.js'
import type { Launcher, Server, ServerId, WorkerId } from './launcher-state.js'
import { cancel, chain, find, isAlive, kill, setServer, stay, wait, workerOf } from './launcher-steps.js'

/** Servers that do not answer: they get no work until they do. */

export function answers(launcher: Launcher, server: Server): Step {
  const { id, isSilent } = server
  if (!isSilent) return stay(launcher)
  const known = setServer(launcher, id, { isSilent: false })
  return stay(known, cancel('silence', id), { do: 'log', about: 'answers', server: id }, ...decideLater(server))
}

/** The server gets no work until it answers. Its event loop may only be busy. */
export function silent(launcher: Launcher, id: ServerId): Step {
  const server = find(launcher, id)
  if (!isAlive(server) || server.isSilent) return stay(launcher)
  const known = setServer(launcher, id, { isSilent: true })
  return stay(known, { do: 'log', about: 'silent', server: id }, wait('silence', id))
}

/** A server that serves, or still may, can recover. One that leaves is only in the way. */
export function stillSilent(launcher: Launcher, id: ServerId): Step {
  const server = find(launcher, id)
  if (!isAlive(server) || !server.isSilent) return stay(launcher)
  const { current } = workerOf(launcher, server.worker)
  if (server.leaves === 'no' && current === id) return stay(launcher)
  // The end of the reload decides whether its child serves.
  if (server.leaves === 'no' && current === server.parent && isReloading(launcher, server.worker))
    return stay(launcher, wait('silence', id))
  return chain(
    launcher,
    (next) => stay(next, { do: 'log', about: 'deaf', server: id }),
    (next) => kill(next, server)
  )
}

/** After that, a child that has not taken the place of its parent has been taken back. */
function isReloading({ roll }: Launcher, worker: WorkerId): boolean {
  return roll?.turns.some((turn) => turn.worker === worker && turn.stage !== 'over') ?? false
}
