import { test } from 'tap'
import { judgeLauncher, judgeServer } from './judges.js'
import { MISTAKES as LAUNCHER_MISTAKES } from './launcher/mistakes.js'
import { MISTAKES, RULES } from './mistakes.js'

for (const { rule, title, machine, found } of MISTAKES)
  test(`a server: ${title} (${RULES[rule]})`, async (t) => t.match(judgeServer(machine), found))

for (const { rule, title, machine, found } of LAUNCHER_MISTAKES)
  test(`a launcher: ${title} (${RULES[rule]})`, async (t) => t.match(judgeLauncher(machine), found))
