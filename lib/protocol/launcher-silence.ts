import type { Step } from './launcher-effects.js'
import type { Launcher, Server, ServerId, WorkerId } from './launcher-state.js'
import { cancel, chain, find, isAlive, kill, setServer, stay, wait, workerOf } from './launcher-steps.js'

/** Servers that do not answer: they get no work until they do. */

export function answers(launcher: Launcher, { id, isSilent }: Server): Step {
  if (!isSilent) return stay(launcher)
  const known = setServer(launcher, id, { isSilent: false })
  return stay(known, cancel('silence', id), { do: 'log', about: 'answers', server: id })
}

/** It gets no work until it answers. Its loop may only be busy. */
export function silent(launcher: Launcher, id: ServerId): Step {
  const server = find(launcher, id)
  if (!isAlive(server) || server.isSilent) return stay(launcher)
  const known = setServer(launcher, id, { isSilent: true })
  return stay(known, { do: 'log', about: 'silent', server: id }, wait('silence', id))
}

/** One that serves, or may yet, may come back; one that leaves is only in the way. */
export function stillSilent(launcher: Launcher, id: ServerId): Step {
  const server = find(launcher, id)
  if (!isAlive(server) || !server.isSilent) return stay(launcher)
  const { current } = workerOf(launcher, server.worker)
  if (server.leaves === 'no' && current === id) return stay(launcher)
  // Whether the child of a reload is to serve is decided when that is over.
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
  return roll?.shares.some((share) => share.worker === worker && share.stage !== 'over') ?? false
}
