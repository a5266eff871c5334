import type { Launcher, Server, ServerId, Step } from './launcher-state.js'
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

/** One that serves may come back; one that leaves is only in the way. */
export function stillSilent(launcher: Launcher, id: ServerId): Step {
  const server = find(launcher, id)
  if (!isAlive(server) || !server.isSilent) return stay(launcher)
  const { current } = workerOf(launcher, server.worker)
  const isNeeded = server.leaves === 'no' && (current === id || current === server.parent)
  if (isNeeded) return stay(launcher)
  return chain(
    launcher,
    (next) => stay(next, { do: 'log', about: 'deaf', server: id }),
    (next) => kill(next, server)
  )
}
