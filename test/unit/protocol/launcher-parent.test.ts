import { test } from 'tap'
import { answerAsParent } from '../../../lib/protocol/launcher-parent.js'

test('a server without a parent may take over when it is ready, and serves for good when it does', async (t) => {
  t.equal(answerAsParent('ready'), 'take over')
  t.equal(answerAsParent('serving'), 'settled')
  for (const word of ['boots', 'health', 'roll back', 'tally', 'stopping'] as const)
    t.equal(answerAsParent(word), undefined, word)
})
