import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { withExamination } from '../../../lib/reload/boot-failure.js'
import { asStartCommand, type StartCommand } from '../../../lib/reload/start-command.js'
import { tempFolder } from '../../support/temp-folder.js'

/** What is said of a start that has failed without a word. */
async function saidOf(command: StartCommand, exitCode: number): Promise<string> {
  const said = await withExamination(command, { exitCode, signal: null }, { error: undefined, stderr: [] })
  return said.stderr.join('\n')
}

t.test('an examination runs no code of the app', async (t) => {
  const cwd = await tempFolder(t)
  const mark = join(cwd, 'has-run')
  const app = `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`
  for (const name of ['server', 'server.js', 'conf.js', '--flag']) await writeFile(join(cwd, name), app)
  await writeFile(join(cwd, 'broken.js'), 'this is no JavaScript')
  const start = { file: process.execPath, cwd, env: process.env }
  const given = (line: string) => asStartCommand({ ...start, args: line.split(' ') })

  const lines = [
    'server conf.js',
    '-r ./conf.js server.js',
    '-- server.js',
    `--eval ${app.replaceAll(' ', '')} -- --flag`
  ]
  for (const line of lines) for (const exitCode of [9, 1]) t.equal(await saidOf(given(line), exitCode), '', line)
  t.match(await saidOf(given('--no-such-option server conf.js'), 9), /bad option: --no-such-option/)
  t.equal(await saidOf(given('server.js --no-such-option'), 9), '', 'an option of the app')
  t.match(await saidOf(given('--no-warnings broken.js'), 1), /broken\.js:1\n.*SyntaxError/s)
  t.equal(await saidOf(given('server broken.js'), 1), '', 'not the script')

  // As a server tells how its successor starts: Node has dropped the two dashes.
  const again = { ...start, isNode: true, args: ['-e', app, '--', '--flag'], script: join(cwd, '--flag') }
  t.equal(await saidOf(again, 9), '')
  t.notOk(existsSync(mark))
})
