import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'

const root = resolve(__dirname, '../../..')
const page = readFileSync(join(root, 'docs/how-it-works.md'), 'utf8')
const ROW = /^\| (.+?) \| `(\w+)` in \[(lib\/[\w/-]+\.ts)\]\(\.\.\/\3\) \|$/gm

test('the map of decisions leads to what is there', async (t) => {
  const section = page.slice(page.indexOf('## Where is it decided?'))
  const rows = [...section.matchAll(ROW)]
  t.equal(rows.length, (section.match(/^\| .* \[lib\//gm) ?? []).length, 'each row names a symbol and links its file')
  t.ok(rows.length >= 20)
  t.equal(new Set(rows.map(([, question]) => question)).size, rows.length, 'no question stands twice')
  for (const [, , symbol = '', path = ''] of rows) {
    const isThere = existsSync(join(root, path)) && declares(readFileSync(join(root, path), 'utf8'), symbol)
    t.ok(isThere, `${symbol} in ${path}`)
  }
})

function declares(text: string, symbol: string): boolean {
  return new RegExp(`^(export )?(async )?(function|class|const|type|interface) ${symbol}\\b`, 'm').test(text)
}
