import t from 'tap'
import { type GracefulHooks, Hooks, type SignalContext } from '../../../lib/process/hooks.js'
import { SignalHooks, signalIn } from '../../../lib/process/signal-hooks.js'

/** Two apps, what their hooks and the process did, and what was logged. */
function process() {
  const story: string[] = []
  const warnings: string[] = []
  const apps = [new Hooks(), new Hooks()]
  const log = { warn: (warning: string) => void warnings.push(warning) }
  const service = { apps: new Set(apps.map((hooks) => ({ hooks }))), log, options: { drainTimeout: 10 } }
  const hooks = new SignalHooks(service as never)
  const add = (app: 0 | 1, name: 'preSignal' | 'postSignal', hook: GracefulHooks['preSignal']) =>
    apps[app]?.add(name, hook)
  const act = (context: SignalContext) => hooks.around(context, () => story.push(`${context.action}s`))
  return { add, act, story, warnings }
}

const STOP: SignalContext = { signal: 'SIGTERM', action: 'stop' }

t.test('hooks of all apps begin before and after, in the order in which they were added', async (t) => {
  const { add, act, story } = process()
  add(0, 'preSignal', async ({ signal }) => story.push(`first before ${signal}`))
  add(1, 'preSignal', ({ signal }) => story.push(`other app before ${signal}`))
  add(0, 'preSignal', ({ signal }) => story.push(`second before ${signal}`))
  add(0, 'postSignal', ({ signal }) => story.push(`after ${signal}`))
  t.equal(act(STOP), 4, 'returns what the process returns')
  t.strictSame(story, [
    ...['first before SIGTERM', 'second before SIGTERM', 'other app before SIGTERM'],
    ...['stops', 'after SIGTERM']
  ])
})

t.test('the process acts at once, whatever a hook does', async (t) => {
  const { add, act, story, warnings } = process()
  add(0, 'preSignal', () => {
    throw new Error('thrown')
  })
  add(0, 'preSignal', () => Promise.reject(new Error('rejected')))
  add(0, 'preSignal', () => new Promise(() => {}))
  add(0, 'preSignal', (context) => Object.assign(context, { action: 'reload', signal: 'SIGHUP' }))
  // biome-ignore lint/suspicious/noThenProperty: a hook can return anything
  add(0, 'preSignal', () => ({ then: (_: unknown, reject: (reason: string) => void) => reject('no error') }))
  add(1, 'postSignal', (context) => story.push(JSON.stringify(context)))
  act(STOP)
  t.strictSame(story, ['stops', JSON.stringify(STOP)])
  await new Promise(setImmediate)
  t.strictSame(warnings.sort(), [
    'a preSignal hook failed: no error',
    'a preSignal hook failed: rejected',
    'a preSignal hook failed: thrown'
  ])
})

t.test('a process stops once and is forced once, and may reload often; nothing comes after a force', async (t) => {
  const { add, act, story } = process()
  add(0, 'preSignal', ({ action }) => story.push(`before ${action}`))
  add(0, 'postSignal', ({ action }) => story.push(`after ${action}`))
  for (const action of ['reload', 'reload', 'stop', 'stop', 'force', 'force'] as const) act({ ...STOP, action })
  t.strictSame(story, [
    ...['before reload', 'reloads', 'after reload', 'before reload', 'reloads', 'after reload'],
    ...['before stop', 'stops', 'after stop', 'stops'],
    ...['before force', 'forces', 'forces']
  ])
})

t.test('the signal that a launcher passes on', async (t) => {
  t.equal(signalIn('SIGTERM'), 'SIGTERM')
  t.equal(signalIn('second stop signal, SIGINT'), 'SIGINT')
  for (const reason of ['', 'release 42', 'SIGNAL', 'constructor', 'not SIGTERM', 'the launcher is gone'])
    t.equal(signalIn(reason), undefined, reason)
})
