import t from 'tap'
import { limitOf } from '../../../lib/process/limits.js'
import type { Parts } from '../../../lib/process/parts.js'
import { LAUNCHER_PAUSE } from '../../../lib/process/pulse.js'
import type { Service } from '../../../lib/process/service.js'
import { Shutdown, stopTime } from '../../../lib/process/shutdown.js'

/** A parent whose child has said how long its check takes. */
function parts(checkTimeout: number, health: false | { hangTimeout: number } = false, launcher?: object): Parts {
  return {
    host: { at: { name: 'parent', child: 1 } },
    service: { options: { health }, launcher },
    asParent: { successors: { get: () => ({ checkTimeout }) } }
  } as unknown as Parts
}

t.test('a child may take as long to confirm as it has said that its apps need to be asked', async (t) => {
  const least = limitOf('confirm', parts(0)) as number
  t.ok(least > 0)
  t.equal(limitOf('confirm', parts(60_000)), least + 60_000)
})

t.test('and as long as it may hang, if that is longer than any child has', async (t) => {
  const least = limitOf('confirm', parts(0)) as number
  t.equal(limitOf('confirm', parts(0, { hangTimeout: 60_000 })), 60_000)
  t.equal(limitOf('confirm', parts(1_000, { hangTimeout: 60_000 })), 61_000)
  for (const hangTimeout of [0, 1, least]) t.equal(limitOf('confirm', parts(0, { hangTimeout })), least)
})

t.test(
  'a request at a child waits until the probation and the question behind it are over, and for an answer',
  async (t) => {
    const parts = (stage: string): Parts =>
      ({
        host: { at: { name: 'trial', stage } },
        service: { options: { probation: 1, health: false } },
        asChild: { checkTimeout: 2000, report: { probation: { elapsed: 10_000, duration: 60_000 } } }
      }) as unknown as Parts
    const least = limitOf('settle', parts('confirmed')) as number
    t.ok(least > 0)
    t.equal(limitOf('settle', parts('giving back')), least)
    const asked = limitOf('settle', parts('checking')) as number
    t.ok(asked > least + 2000)
    t.equal(limitOf('settle', parts('running')), asked + 50_000)
  }
)

t.test(
  'under a launcher, a child is not killed before it is known that the launcher does not stand still',
  async (t) => {
    for (const timer of ['confirm', 'undo'] as const)
      t.ok((limitOf(timer, parts(0, false, {})) as number) > LAUNCHER_PAUSE, timer)
  }
)

t.test('a parent that stops ends after its child, and each has the time that its own release allows', async (t) => {
  const service = (drainTimeout: number): Service =>
    ({ options: { lameDuck: 0 }, longest: (name: string) => (name === 'closeTimeout' ? 1000 : drainTimeout) }) as never
  const limit = (drainTimeout: number, child?: number): number => {
    const at = { name: 'leaving', cause: 'asked', awaitsChild: child !== undefined, child: 1 }
    const successors = { get: () => (child === undefined ? undefined : { stopTime: child }) }
    const shutdown = new Shutdown(service(drainTimeout))
    return limitOf('stop', {
      host: { at },
      service: service(drainTimeout),
      shutdown,
      asParent: { successors }
    } as never) as number
  }
  const [short, long] = [stopTime(service(500)), stopTime(service(60_000))]
  t.equal(limit(500), short)
  t.equal(limit(60_000), long)
  for (const [own, child] of [
    [500, long],
    [60_000, short],
    [60_000, 0]
  ] as const)
    t.ok(limit(own, child) > long, `${own}, ${child}`)
})
