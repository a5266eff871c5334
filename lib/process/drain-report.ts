import { openRequests } from '../connections/open-requests.js'
import { routePattern } from '../connections/route-pattern.js'
import type { DrainStatus, OpenRequest } from '../control/reports.js'
import type { Server } from '../protocol/server.js'
import { HostedApp } from './hosted-app.js'
import type { Parts } from './parts.js'
import type { Service } from './service.js'

/** How many requests and holds are named: who looks wants to know which, and the answer must not grow with them. */
const MOST_REQUESTS = 5
const MOST_HOLDS = 20

/** What this process still finishes, if it drains. */
export function drainReport({ service, shutdown, host }: Parts): DrainStatus | undefined {
  const { inProgress } = shutdown
  if (inProgress === undefined) return undefined
  const now = performance.now()
  const { reason, begun, end, holds } = inProgress
  const owned = service.connections.withOwners(service.isForClients)
  const requests = owned.flatMap(([connections, owner]) =>
    openRequests(connections, begun).map((request) => ({ ...request, owner }))
  )
  const oldest = requests.sort((a, b) => b.age - a.age).slice(0, MOST_REQUESTS)
  return {
    reason,
    elapsed: Math.round(now - begun),
    left: Math.max(0, Math.round(end - now)),
    requests: {
      count: requests.length,
      oldest: oldest.map(({ method, url, age, owner }): OpenRequest => {
        return { method, route: owner instanceof HostedApp ? routePattern(owner.app, method, url) : null, age }
      })
    },
    holds: [...holds, ...stepsOf(host.state, service)].slice(0, MOST_HOLDS),
    upgraded: owned.reduce((sum, [connections]) => sum + connections.upgraded, 0)
  }
}

/** What a process on its way out waits for that is neither a request nor a hold. */
function stepsOf({ at, telling }: Server, service: Service): string[] {
  if (at.name !== 'leaving') return []
  const { stage, awaitsChild, awaitsParent } = at
  const { migration } = service
  if (stage === 'closing') return ['onClose hooks']
  // One that has connections shows those.
  if (stage === 'draining')
    return migration?.isRunning === true && service.countConnections() === 0 ? ['connections that move'] : []
  if (stage !== 'waiting') return []
  return [
    ...(telling.length > 0 ? ['hooks of a reload'] : []),
    ...(awaitsChild ? ['the end of the child'] : []),
    ...(awaitsParent ? ['the end of the parent'] : [])
  ]
}
