import { debuglog } from 'node:util'
import { failureOf, Host, type Machine } from '../process/host.js'

/** A trace of every connection of a busy service would drown what the processes decide. */
const trace = debuglog('fastify-graceful-reload-connections')

let latest = 0

/** Runs a machine of connections that move. `kind`: for a trace. */
export function hostOf<S, I extends { readonly type: string }, E extends { readonly do: string }>(
  kind: string,
  machine: Omit<Machine<S, I, E>, 'name'>,
  carryOut: (effect: E) => unknown
): Host<S, I, E> {
  latest += 1
  return new Host<S, I, E>({ ...machine, name: `${kind} ${latest}` }, { carryOut, failed, rested }, trace)
}

function rested(): void {}

/** No app is called there, so it is a fault of this package. */
function failed(effect: { readonly do: string }, error: unknown): void {
  process.emitWarning(`fastify-graceful-reload: ${failureOf(effect, error)}`)
}
