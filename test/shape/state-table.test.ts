import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { stateTable, transitions } from './state-table.js'

const page = join(resolve(__dirname, '../../..'), 'docs/states.md')
const MARK = /(<!-- states -->\n)[\s\S]*?(\n<!-- end of states -->)/

test('docs/states.md shows the transitions of the machine', async (t) => {
  const text = readFileSync(page, 'utf8')
  const wanted = text.replace(MARK, (_all, begin: string, end: string) => `${begin}${stateTable()}${end}`)
  if (process.env.UPDATE_STATES === '1') writeFileSync(page, wanted)
  else t.equal(text, wanted, 'or run UPDATE_STATES=1 npx tap dist/test/shape/state-table.test.js')
})

test('every state can be left, but for the last one', async (t) => {
  const all = transitions()
  const stuck = new Set(all.map(({ to }) => to).filter((state) => !all.some(({ from }) => from === state)))
  t.strictSame([...stuck], ['closed'])
})
