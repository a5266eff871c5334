import { begin, type Effect, type Input, type Place, type Server, step } from '../protocol/server.js'
import { type EffectHandler, Host } from './host.js'

/** Runs the machine of this process. */
export class ServerHost extends Host<Server, Input, Effect> {
  constructor(role: Parameters<typeof begin>[0], launched: boolean, handler: EffectHandler<Effect>) {
    super({ start: begin(role, launched), step, begin: { begin: role, launched }, placeOf: ({ at }) => at }, handler)
  }

  /** Where the process is. */
  get at(): Place {
    return this.state.at
  }
}
