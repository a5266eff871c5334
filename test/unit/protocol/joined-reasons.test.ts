import t from 'tap'
import { joinReasons } from '../../../lib/protocol/joined-reasons.js'

t.test('the reason of a reload that several callers share', async (t) => {
  t.equal(joinReasons(undefined, 'B'), 'B')
  t.equal(joinReasons('B', 'C'), 'B; C')
  t.equal(joinReasons('B; C', 'B'), 'B; C', 'once')
  t.equal(joinReasons('B; C', 'C'), 'B; C')
  t.equal(joinReasons('B; C', '; '), 'B; C; ; ')
  t.equal(joinReasons('release 42', 'release 4'), 'release 42; release 4', 'a part of another one is another one')
  t.equal(joinReasons('a; b', 'a; b'), 'a; b')
  const long = 'x'.repeat(499)
  t.equal(joinReasons(long, 'C'), `${long}; …`)
  t.equal(joinReasons(`${long}; …`, 'D'), `${long}; …`)
  t.equal(joinReasons('B', long), 'B; …')
  const most = 'x'.repeat(497)
  t.equal(joinReasons(most, 'C'), `${most}; C`, '500 characters')
  t.equal(joinReasons(most, 'CD'), `${most}; …`, '501 characters')
})
