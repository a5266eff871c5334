import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'

const root = resolve(__dirname, '../../..')
const page = readFileSync(join(root, 'docs/comparison.md'), 'utf8')
const OURS = 'fastify-graceful-reload'
const [nodeTable = [], otherTable = []] = tablesOf(page)

test('the comparison has two tables, with the same rows', async (t) => {
  t.equal(nodeTable[0]?.[1], OURS)
  t.strictSame(
    otherTable.map(([what]) => what),
    nodeTable.map(([what]) => what)
  )
  for (const table of [nodeTable, otherTable])
    for (const row of table) t.equal(row.length, table[0]?.length, String(row[0]))
})

test('each cell about this project names a test, and all tests that the page names are there', async (t) => {
  for (const [what = '', ours = ''] of nodeTable.slice(1)) t.not(testsIn(ours).length, 0, what)
  for (const path of testsIn(page)) t.ok(existsSync(join(root, path)), path)
})

test('each cell about another project has a source', async (t) => {
  const cells = [
    ...nodeTable.slice(1).flatMap((row) => row.slice(2)),
    ...otherTable.slice(1).flatMap((row) => row.slice(1))
  ]
  t.ok(cells.length > 100)
  t.strictSame(
    cells.filter((cell) => cell !== 'not documented' && !/\]\[[\w-]+\]/.test(cell)),
    []
  )
})

test('each source is a link, and is used', async (t) => {
  const used = new Set([...page.matchAll(/\]\[([\w-]+)\]/g)].map(([, name]) => name))
  const links = [...page.matchAll(/^\[([\w-]+)\]: (\S+)$/gm)]
  t.strictSame(new Set(links.map(([, name]) => name)), used)
  for (const [, name = '', target = ''] of links) t.match(target, /^https:\/\//, name)
})

function testsIn(text: string): string[] {
  return [...text.matchAll(/`(test\/[\w/-]+\.test\.ts)`/g)].map(([, path = '']) => path)
}

/** The tables whose first row begins with an empty cell, as rows of cells. */
function tablesOf(text: string): string[][][] {
  const tables = text.matchAll(/^\| {2}\|.*\n\|[ -|]+\n((?:\|.*\n)+)/gm)
  return [...tables].map(([table]) =>
    table
      .trimEnd()
      .split('\n')
      .filter((_, index) => index !== 1)
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim())
      )
  )
}
