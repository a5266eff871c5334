import t from 'tap'
import { isRefused } from '../../../lib/launcher/refused-command-line.js'
import type { Server } from '../../../lib/launcher/server.js'

const given = (exitCode: number, args: string[], hasLoaded = false) =>
  isRefused({ ending: { exitCode, signal: null }, hasLoaded, settings: { command: { cwd: '/', args } } } as Server)

t.test('Node has refused its command line', async (t) => {
  t.ok(given(9, ['--json', 'server.js']))
})

t.test('a change of a file may mend it', async (t) => {
  t.notOk(given(1, ['server.js']))
  t.notOk(given(9, ['server.js'], true), 'the app exits with the same code')
  t.notOk(given(9, ['--env-file=.env', 'server.js']), 'there may be options in a file')
})
