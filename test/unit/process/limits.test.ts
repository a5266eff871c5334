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
