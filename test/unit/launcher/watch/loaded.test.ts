import t from 'tap'
import { Loaded } from '../../../../lib/launcher/watch/loaded.js'

t.test('the files of the servers that count, but for installed packages', async (t) => {
  const [first, failed, second] = [{}, {}, {}]
  const loaded = new Loaded<object>()
  t.strictSame(loaded.add(first, ['/app/a.js', '/app/node_modules/x/x.js', '/app/b.js']), ['/app/a.js', '/app/b.js'])
  t.strictSame(loaded.add(failed, ['/app/a.js', '/app/c.js']), ['/app/c.js'], 'those that are new')
  t.equal(loaded.last, failed)
  loaded.keep([first, failed])
  t.strictSame([...loaded.all], ['/app/a.js', '/app/b.js', '/app/c.js'])
  loaded.add(second, ['/app/a.js'])
  loaded.keep([second])
  t.strictSame(loaded.add(first, ['/app/late.js']), [], 'what a former one still loads does not count')
  t.strictSame([...loaded.all], ['/app/a.js'])
})
