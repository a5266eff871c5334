import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Test, test } from 'tap'

const root = resolve(__dirname, '../../..')
const page = readFileSync(join(root, 'docs/how-it-works.md'), 'utf8')
const ROW = /^\| (.+?) \| `(\w+)` in `(lib\/[\w/-]+\.ts)` \|$/gm

test('the map of decisions leads to what is there', async (t) => {
  const rows = rowsOf(t, '## Where is it decided?')
  t.ok(rows.length >= 20)
  t.equal(new Set(rows.map(([, question]) => question)).size, rows.length, 'no question stands twice')
})

test('the way from a reload signal to the first connection is short, and leads along what is there', async (t) => {
  const files = rowsOf(t, '## From the signal to the first connection').map(([, , , path]) => path)
  t.equal(new Set(files).size, files.length, 'no file stands twice')
  t.ok(files.length <= 25, `${files.length} files`)
})

/** The rows of the table below a heading, each of which names a symbol and the file that declares it. */
function rowsOf(t: Test, heading: string): RegExpExecArray[] {
  const from = page.indexOf(heading)
  const section = page.slice(from, page.indexOf('\n## ', from + 1))
  const rows = [...section.matchAll(ROW)]
  t.equal(rows.length, (section.match(/^\| .* in `lib\//gm) ?? []).length, 'each row names a symbol and its file')
  for (const [, , symbol = '', path = ''] of rows) {
    const isThere = existsSync(join(root, path)) && declares(readFileSync(join(root, path), 'utf8'), symbol)
    t.ok(isThere, `${symbol} in ${path}`)
  }
  return rows
}

function declares(text: string, symbol: string): boolean {
  return new RegExp(`^(export )?(async )?(function|class|const|type|interface) ${symbol}\\b`, 'm').test(text)
}
