import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'tap'
import { KINDS } from './kinds.js'
import { problemOfStory } from './story.js'

for (const kind of KINDS)
  for (const story of kind.stories)
    test(`a ${kind.name}: ${story.title}`, async (t) => t.equal(problemOfStory(kind, kind.machine, story), undefined))

test('all that once went wrong is a story here, and a test of real processes', async (t) => {
  const folder = resolve(__dirname, '../../../test/simulation')
  const rows = readFileSync(resolve(folder, 'README.md'), 'utf8').matchAll(/^\| (.*?) \| (".*?) \| (\[.*?) \|/gm)
  const titles = new Set(KINDS.flatMap(({ stories }) => stories.map(({ title }) => title)))
  let count = 0
  for (const [, what = '', named = '', linked = ''] of rows) {
    count++
    const stories = named.slice(1, -1).split('", "')
    t.strictSame(
      stories.filter((title) => !titles.has(title)),
      [],
      what
    )
    const paths = [...linked.matchAll(/\]\((.*?)\)/g)].map(([, path = '']) => path)
    t.ok(
      paths.some((path) => path.startsWith('../e2e/')),
      `real processes: ${what}`
    )
    for (const path of paths) t.ok(existsSync(resolve(folder, path)), path)
  }
  t.equal(count, 12)
})
