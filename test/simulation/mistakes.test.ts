import { test } from 'tap'
import { judge } from './judges.js'
import { KINDS } from './kinds.js'
import { RULES } from './mistakes.js'

for (const kind of KINDS)
  for (const { rule, title, machine, found } of kind.mistakes)
    test(`a ${kind.name}: ${title} (${RULES[rule]})`, async (t) => t.match(judge(kind, machine), found))
