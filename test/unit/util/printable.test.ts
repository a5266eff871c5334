import t from 'tap'
import { printable, printableLines } from '../../../lib/util/printable.js'

const CASES: Record<string, string> = {
  'deploy 1.2': 'deploy 1.2',
  'zwölf Grüße 🎉': 'zwölf Grüße 🎉',
  'two\nlines\r\n': 'two\\nlines\\r\\n',
  '\u001b[2J\u001b[31mred': '\\x1b[2J\\x1b[31mred',
  '\u009b31m': '\\x9b31m',
  'nul\u0000tab\t': 'nul\\x00tab\\t',
  'a\u2028b': 'a\\u2028b',
  'a\u202ebc': 'a\\u202ebc'
}

t.test('nothing can move the cursor or begin a line', async (t) => {
  for (const [text, expected] of Object.entries(CASES)) t.equal(printable(text), expected, expected)
})

t.test('of several lines, each is made printable', async (t) => {
  t.equal(printableLines('Error: a\u0007\n    at b'), 'Error: a\\x07\n    at b')
})
