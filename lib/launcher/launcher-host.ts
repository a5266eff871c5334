import { type EffectHandler, Host, type Machine } from '../process/host.js'
import { begin, type Effect, type Input, type Launcher, step } from '../protocol/launcher.js'

/** The machine of a launcher with so many workers. `isWatched`: it reloads when a file of the app changes. */
export function launcherMachine(workers: number, isWatched = false): Machine<Launcher, Input, Effect> {
  const start = begin(workers, isWatched)
  return { start, step, name: 'launcher', begin: { workers, ...(isWatched && { isWatched }) }, placeOf }
}

/** Runs the machine of a launcher. */
export class LauncherHost extends Host<Launcher, Input, Effect> {
  constructor(workers: number, isWatched: boolean, handler: EffectHandler<Effect>) {
    super(launcherMachine(workers, isWatched), handler)
  }
}

/** For a trace. */
function placeOf({ phase, roll, servers }: Launcher): object {
  return { name: phase, stage: roll?.stage, servers: servers.map(({ id, stage }) => `${id} ${stage}`) }
}
