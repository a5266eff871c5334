import t from 'tap'
import { describeError } from '../../lib/errors.js'

const caused = (message: string, cause: Error) => new Error(message, { cause })

t.test('an error is told with its causes, each once', async (t) => {
  const cause = new Error('no database')
  t.equal(describeError(new Error('no boot')), 'no boot')
  t.equal(describeError(caused('no boot', cause)), 'no boot: no database')
  t.equal(describeError(caused('no boot: no database', cause)), 'no boot: no database')
  t.equal(describeError(caused('it gave up (no database) in time', cause)), 'it gave up (no database) in time')
  t.equal(describeError(caused('no boot', caused('no state', cause))), 'no boot: no state: no database')
})

t.test('a cause whose text is part of a word of the message is told all the same', async (t) => {
  for (const text of ['x', 'it', '1', 'code'])
    t.equal(describeError(caused('it exited with code 1', new Error(text))), `it exited with code 1: ${text}`)
})

t.test('the kind of an error is told where it says more', async (t) => {
  t.equal(describeError(caused('no boot', new SyntaxError('end of input'))), 'no boot: SyntaxError: end of input')
})
