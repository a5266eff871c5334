import t from 'tap'
import { limitOf } from '../../../lib/process/limits.js'
import type { Parts } from '../../../lib/process/parts.js'

t.test('a child may take as long to confirm as it has said that its apps need to be asked', async (t) => {
  const parts = (checkTimeout: number): Parts =>
    ({
      host: { at: { name: 'parent', child: 1 } },
      service: { options: {} },
      asParent: { successors: { get: () => ({ checkTimeout }) } }
    }) as unknown as Parts
  const least = limitOf('confirm', parts(0)) as number
  t.ok(least > 0)
  t.equal(limitOf('confirm', parts(60_000)), least + 60_000)
})

t.test(
  'a request at a child waits until the probation and the question behind it are over, and for an answer',
  async (t) => {
    const parts = (stage: string): Parts =>
      ({
        host: { at: { name: 'trial', stage } },
        service: { options: { probation: 1 } },
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
