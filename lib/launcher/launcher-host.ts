import { type EffectHandler, Host } from '../process/host.js'
import { begin, type Effect, type Input, type Launcher, step } from '../protocol/launcher.js'

/** Runs the machine of a launcher. */
export class LauncherHost extends Host<Launcher, Input, Effect> {
  constructor(workers: number, handler: EffectHandler<Effect>) {
    super({ start: begin(workers), step, begin: { begin: 'launcher', workers }, placeOf }, handler)
  }
}

/** For a trace. */
function placeOf({ phase, roll, servers }: Launcher): object {
  return { name: phase, roll: roll?.stage, servers: servers.map(({ id, stage }) => `${id} ${stage}`) }
}
