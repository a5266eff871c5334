/**
 * What Fastify does when it closes, and this plugin has to do before.
 *
 * The first is `app.onClose` of avvio, on which Fastify is built:
 * https://github.com/mcollina/avvio#appclosefunc-err-instance-done. It is there in each Fastify, but not in its
 * documentation or types. What is given to it last runs first: before Fastify answers with 503, and without its plugin
 * timeout. Fallback: an app that closes by itself is drained by Fastify; a stop and a reload are as ever.
 *
 * The second are the `preClose` hooks of an app. They are what Fastify offers to end streams that have no end, but it
 * runs them when it closes, which is after the drain: by then each such stream has held up the drain for all of its
 * time and was cut. Nothing public tells which there are. They stand in each encapsulated instance, and are read when
 * Fastify closes: https://github.com/fastify/fastify/blob/v5.0.0/lib/hooks.js (hookRunnerApplication). Fallback: they
 * stay, and run when Fastify closes.
 */

interface Closing {
  onClose?: unknown
}

type PreClose = (this: object, done?: (error?: Error) => void) => unknown

/**
 * That of `@fastify/websocket`, unless the app gives another one: it closes all WebSockets at once and without a code,
 * those that are about to move included, and takes away the listener of upgrades:
 * https://github.com/fastify/fastify-websocket/blob/v11.0.0/index.js. The drain says goodbye better, so this one runs
 * when Fastify closes, and finds nobody.
 */
const LEFT_ALONE = 'defaultPreClose'

/**
 * Lets a function run when an app closes, before all that Fastify does then. To be called once the app is ready.
 *
 * @returns whether it will
 */
export function beforeClose(app: object, close: () => Promise<void>): boolean {
  const { onClose } = app as Closing
  if (typeof onClose !== 'function') return false
  onClose.call(app, close)
  return true
}

/**
 * Takes the `preClose` hooks out of an app, in the order in which Fastify would run them, so that they run once.
 *
 * @param app - the instance in which this plugin was registered, or any other one
 */
export function takePreCloseHooks(app: object): Array<() => Promise<void>> {
  return takeBelow(rootOf(app))
}

/** Each encapsulated instance has the one around it as its prototype, and hooks of its own: lib/plugin-override.js. */
function rootOf(instance: object): object {
  const above: object | null = Object.getPrototypeOf(instance)
  return above !== null && preCloseOf(above) !== undefined ? rootOf(above) : instance
}

function takeBelow(instance: object): Array<() => Promise<void>> {
  const hooks = preCloseOf(instance) ?? []
  const taken = hooks.filter(({ name }) => name !== LEFT_ALONE)
  hooks.splice(0, hooks.length, ...hooks.filter(({ name }) => name === LEFT_ALONE))
  const children = privately(instance, 'fastify.children')
  const below = Array.isArray(children) ? (children as object[]).flatMap(takeBelow) : []
  return [...taken.map((hook) => () => run(hook, instance)), ...below]
}

/** As Fastify does: a hook with a parameter calls back. */
async function run(hook: PreClose, instance: object): Promise<void> {
  if (hook.length !== 1) await hook.call(instance)
  else
    await new Promise<void>((resolve, reject) => {
      hook.call(instance, (error) => (error ? reject(error) : resolve()))
    })
}

function preCloseOf(instance: object): PreClose[] | undefined {
  const hooks = privately(instance, 'fastify.hooks') as { preClose?: unknown } | undefined
  return Array.isArray(hooks?.preClose) ? (hooks.preClose as PreClose[]) : undefined
}

function privately(holder: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(holder).find((symbol) => symbol.description === description)
  return symbol && (holder as Record<symbol, unknown>)[symbol]
}
