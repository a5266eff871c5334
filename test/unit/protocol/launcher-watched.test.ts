import t from 'tap'
import { LauncherModel, logged, starts } from '../../support/launcher-model.js'

/**
 * A launcher whose files are watched: a server that cannot boot waits for the next reload, which the next change
 * causes.
 */

const paused = (effects: readonly { do: string }[]) => effects.filter((effect) => effect.do === 'pause').length

function watched(count = 1): LauncherModel {
  const launcher = new LauncherModel(count, true)
  launcher.give({ type: 'start' })
  launcher.started(0)
  return launcher
}

t.test('a first server that does not boot, with any exit code, leaves its place to the next reload', async (t) => {
  for (const exitCode of [1, 0]) {
    const launcher = watched()
    t.strictSame(logged(launcher.end(0, exitCode)), ['held'])
    t.equal(launcher.ending, undefined)
    const begun = launcher.give({ type: 'reload', ask: 1, reason: 'a file changed' })
    t.strictSame([starts(begun), logged(begun)], [[1], []])
    launcher.boot(1)
    launcher.noted()
    t.match(launcher.answers.get(1), [{ turns: [{ server: 1 }] }])
    t.strictSame(launcher.leaders, [1])
  }
})

t.test('unless Node refuses the command line, which no change of a file mends', async (t) => {
  const launcher = watched(2)
  t.strictSame(logged(launcher.refuse(0)), [])
  t.strictSame(launcher.ending, { exitCode: 9, signal: null })
})

t.test('once the service has served, also such a server waits for a change', async (t) => {
  const launcher = watched()
  launcher.boot(0)
  launcher.end(0, 1)
  launcher.due('restart', 0)
  launcher.started(1)
  t.strictSame(logged(launcher.refuse(1)), ['held'])
  t.equal(launcher.ending, undefined)
})

t.test('and so does each that follows; the reload has failed then', async (t) => {
  const launcher = watched()
  launcher.end(0, 1)
  launcher.give({ type: 'reload', ask: 1, reason: 'a file changed' })
  launcher.started(1)
  t.strictSame(logged(launcher.end(1, 1)), ['held'])
  launcher.noted()
  t.match(launcher.answers.get(1), [{ failure: { kind: 'exited' } }])
  t.strictSame(starts(launcher.give({ type: 'reload', ask: 2, reason: 'a file changed' })), [2])
})

t.test('a server that crashes is started again once; if that crashes soon, a file has to change', async (t) => {
  const launcher = watched()
  launcher.boot(0)
  t.equal(paused(launcher.end(0, 1)), 1)
  t.strictSame(starts(launcher.due('restart', 0)), [1])
  launcher.boot(1)
  const effects = launcher.end(1, 1)
  t.strictSame([logged(effects), paused(effects)], [['held'], 0])
  t.strictSame(starts(launcher.give({ type: 'reload', ask: 1, reason: 'a file changed' })), [2])
  launcher.boot(2)
  launcher.due('steady', 2)
  t.equal(paused(launcher.end(2, 1)), 1, 'one that has run for a while is started again')
})

t.test('one that waits when the service is stopped is waited for no longer', async (t) => {
  const launcher = watched()
  launcher.end(0, 1)
  launcher.give({ type: 'stop', signal: 'SIGINT' })
  t.strictSame(launcher.ending, { exitCode: 1, signal: null })
  const forwarded = watched()
  forwarded.end(0, 1)
  forwarded.give({ type: 'forward', signal: 'SIGINT' })
  t.ok(forwarded.ending)
})

t.test('a single server that ends freely ends the launcher as ever', async (t) => {
  const launcher = watched()
  launcher.boot(0)
  launcher.say(0, { type: 'leaves', isError: false })
  launcher.end(0, 0)
  t.strictSame(launcher.ending, { exitCode: 0, signal: null })
})

t.test('the other workers start when the first one serves at last', async (t) => {
  const launcher = watched(2)
  launcher.end(0, 1)
  launcher.give({ type: 'reload', ask: 1, reason: 'a file changed' })
  launcher.boot(1)
  t.strictSame(starts(launcher.due('grow', 0)), [2])
})
