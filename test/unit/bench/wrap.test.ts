import t from 'tap'
import { wrapProse } from '../../../bench/wrap.js'

const WORDS = Array.from({ length: 40 }, () => 'word').join(' ')

t.test('prose has lines of at most 120 characters', async (t) => {
  const lines = wrapProse(WORDS).split('\n')
  t.same(
    lines.map((line) => line.length),
    [119, 79]
  )
  t.equal(lines.join(' '), WORDS)
})

t.test('the lines of an item begin below its text', async (t) => {
  const [first, second, ...others] = wrapProse(`- ${WORDS}\n- short`).split('\n')
  t.equal(first?.length, 116)
  t.match(first, /^- word/)
  t.match(second, /^ {2}word/)
  t.same(others, ['- short'])
})

t.test('code stays on one line, with what touches it', async (t) => {
  const code = `\`${'a '.repeat(20)}\`).`
  const lines = wrapProse(`${'word '.repeat(20)}(${code}`).split('\n')
  t.equal(lines[1], `(${code}`)
})

t.test('tables, headings and pictures are left alone', async (t) => {
  for (const sign of ['| ', '## ', '![']) t.equal(wrapProse(`${sign}${WORDS}`), `${sign}${WORDS}`)
  t.equal(wrapProse(''), '')
})
