import t from 'tap'
import { countFrom, MOST_WORKERS } from '../../../lib/protocol/worker-count.js'

t.test('the number of workers that somebody wants', async (t) => {
  t.equal(countFrom(2, { to: 5 }), 5)
  t.equal(countFrom(2, { by: 3 }), 5)
  t.equal(countFrom(2, { by: -1 }), 1)
  t.equal(MOST_WORKERS, 1024)
})
