import { type EffectHandler, Host, type Machine } from '../process/host.js'
import { begin, type Effect, type Input, type Launcher, step } from '../protocol/launcher.js'

/** The machine of a launcher with so many workers. */
export function launcherMachine(workers: number): Machine<Launcher, Input, Effect> {
  return { start: begin(workers), step, begin: { begin: 'launcher', workers }, placeOf }
}

/** Runs the machine of a launcher. */
export class LauncherHost extends Host<Launcher, Input, Effect> {
  constructor(workers: number, handler: EffectHandler<Effect>) {
    super(launcherMachine(workers), handler)
  }
}

/** For a trace. */
function placeOf({ phase, roll, servers }: Launcher): object {
  return { name: phase, stage: roll?.stage, servers: servers.map(({ id, stage }) => `${id} ${stage}`) }
}
