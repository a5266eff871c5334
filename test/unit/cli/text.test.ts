import t from 'tap'
import { clip } from '../../../lib/cli/clip.js'
import { duration, spent } from '../../../lib/cli/units.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

t.test('durations in the units of a person', async (t) => {
  for (const [milliseconds, said] of [
    [0, '0 ms'],
    [310.4, '310 ms'],
    [999, '999 ms'],
    [12_340, '12.3 s'],
    [59_999, '59.9 s'],
    [3 * MINUTE + 12 * SECOND, '3 min 12 s'],
    [5 * MINUTE, '5 min'],
    [2 * HOUR + 14.9 * MINUTE, '2 h 14 min'],
    [123 * HOUR, '5 d 3 h']
  ] as const)
    t.equal(duration(milliseconds), said)
  t.equal(spent({ elapsed: 1250, duration: 3000 }), '1.2 of 3.0 s')
})

t.test('a line is cut where the terminal ends, and its colours are not', async (t) => {
  const [on, off] = ['\x1b[31m', '\x1b[39m']
  t.equal(clip('short', 5), 'short')
  t.equal(clip('longer', 5), 'long…')
  t.equal(clip(`${on}short${off}`, 5), `${on}short${off}`)
  t.equal(clip(`a${on}longer${off}`, 5), `a${on}lon${off}…`)
})
