import { begin, type Effect, type Input, type Place, type Server, step } from '../protocol/server.js'
import { type EffectHandler, Host, type Machine } from './host.js'

type Role = Parameters<typeof begin>[0]

/** The machine of a server process. */
export function serverMachine(role: Role, launched: boolean): Machine<Server, Input, Effect> {
  const placeOf = ({ at }: Server) => at
  return { start: begin(role, launched), step, name: 'server', begin: { role, launched }, placeOf }
}

/** Runs the machine of this process. */
export class ServerHost extends Host<Server, Input, Effect> {
  constructor(role: Role, launched: boolean, handler: EffectHandler<Effect>) {
    super(serverMachine(role, launched), handler)
  }

  /** Where the process is. */
  get at(): Place {
    return this.state.at
  }
}
