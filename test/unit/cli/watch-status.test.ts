import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { newsIn } from '../../../lib/cli/watch-status.js'
import { PACKAGE_ROOT } from '../../support/release.js'

interface Schema {
  $ref?: string
  type?: string
  properties?: Record<string, Schema>
}

const { definitions } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'control.schema.json'), 'utf8')) as {
  definitions: Record<string, Schema>
}

/** What is over, or was set once. */
const FIXED = ['ReloadRecord', 'duration']

/** The names of all durations below: of a schema, a number that is no duration is an integer. */
function durationsIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { $ref = '', properties = {} } = schema as Schema
  const name = $ref.replace('#/definitions/', '')
  const own = Object.entries(properties).flatMap(([name, { type }]) => (type === 'number' ? [name] : []))
  const below = FIXED.includes(name) ? [] : [definitions[name], ...Object.values(schema)].flatMap(durationsIn)
  return [...new Set([...own, ...below])].filter((name) => !FIXED.includes(name))
}

t.test('in a pipe, no time that goes by is news', async (t) => {
  const names = durationsIn(definitions.ControlStatus)
  t.strictSame(names.sort(), ['age', 'elapsed', 'left', 'next', 'uptime'])
  for (const name of names) t.equal(newsIn({ workers: [{ [name]: 1 }] }), newsIn({ workers: [{ [name]: 2 }] }), name)
  t.not(newsIn({ workers: [{ generation: 1 }] }), newsIn({ workers: [{ generation: 2 }] }))
})
