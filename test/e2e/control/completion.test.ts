import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { COMMANDS } from '../../../lib/cli/commands.js'
import { COMMAND_OPTIONS, LAUNCH_OPTIONS } from '../../../lib/cli/options.js'
import { bare, ownEnvironment } from '../../support/bare.js'
import { runCommand } from '../../support/package-command.js'
import { missing } from '../../support/programs.js'
import { HAS_TERMINAL, PseudoTerminal } from '../../support/pseudo-terminal.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 2

const NAME = 'fastify-graceful-reload'

/** A folder with the script for a shell, and files that can be completed. */
async function prepare(t: Test, shell: string): Promise<string> {
  const folder = await tempFolder(t)
  const { code, stdout, stderr } = await runCommand(['completion', shell])
  t.strictSame({ code, stderr }, { code: 0, stderr: '' })
  await writeFile(join(folder, 'script'), stdout)
  await writeFile(join(folder, 'server.js'), '')
  await mkdir(join(folder, 'run'))
  return folder
}

function run(folder: string, shell: string, args: string[]): string[] {
  const command = bare({ ...ownEnvironment(), HOME: folder, TERM: 'dumb' }, shell, args)
  return execFileSync(...command, { cwd: folder, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
}

/** The completions of the last of these words, at least and at most. */
const OFFERED: Array<[words: string[], expected: string[], others?: string[]]> = [
  [[NAME, 're'], ['reload']],
  [
    [NAME, 's'],
    ['status', 'scale', 'stop', 'server.js', 'script']
  ],
  [[NAME, '--work'], ['--workers']],
  [[NAME, '--workers', ''], ['auto']],
  [[NAME, '--workers', '2', '--direc'], ['--directory']],
  [[NAME, '--directory', 'r'], ['run']],
  [[NAME, '--import', 'tsx', 'serv'], ['server.js']],
  [[NAME, 'status', '--js'], ['--json']],
  [[NAME, 'status', '--rea'], []],
  [[NAME, 'reload', '--rea'], ['--reason']],
  [[NAME, 'scale', '--no'], ['--no-progress']],
  [[NAME, 'status', '--control', 'ser'], ['server.js']],
  [[NAME, 'help', 'rel'], ['reload']],
  [[NAME, 'completion', 'f'], ['fish']]
]

t.test('bash', { skip: missing('bash') }, async (t) => {
  const folder = await prepare(t, 'bash')
  const offered = (words: string[]) => {
    const complete = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fastify_graceful_reload'
    const line = `source ./script; ${complete}; printf '%s\\n' "\${COMPREPLY[@]}"`
    return run(folder, 'bash', ['--norc', '-c', line, 'bash', ...words])
  }
  for (const [words, expected] of OFFERED) t.strictSame(offered(words).sort(), [...expected].sort(), words.join(' '))
  // `=` is a separate word there.
  t.strictSame(offered([NAME, 'status', '--control', '=', 'ser']), ['server.js'])
  t.strictSame(offered([NAME, '--workers', '=']), ['auto'])
  t.strictSame(offered([NAME, '--workers', '=', '2', '--dir']), ['--directory'])
})

t.test('fish', { skip: missing('fish') }, async (t) => {
  const folder = await prepare(t, 'fish')
  for (const [words, expected] of OFFERED) {
    const told = run(folder, 'fish', ['--no-config', '-c', `source ./script; complete -C '${words.join(' ')}'`])
    const names = told.map((line) => line.split('\t')[0]?.replace(/\/$/, ''))
    // It also offers what has the letters somewhere else.
    for (const name of expected) t.ok(names.includes(name), `${words.join(' ')}: ${name} among ${names}`)
    if (expected.length === 0) t.strictSame(names, [])
  }
})

t.test('zsh', { skip: missing('zsh') || (!HAS_TERMINAL && 'no script of util-linux') }, async (t) => {
  const folder = await prepare(t, 'zsh')
  run(folder, 'zsh', ['-n', 'script'])
  // The output is full of moves of the cursor. A key prints the line as it is, and clears it.
  const key = 'show() { print -rn -- "<$BUFFER>"; BUFFER=; }; zle -N show; bindkey ^G show; bindkey ^I complete-word'
  const setUp = `autoload -Uz compinit && compinit -u -D && source ./script && ${key}; echo rea''dy`
  const terminal = new PseudoTerminal(t, [], { line: `cd '${folder}'; exec zsh -f -i` })
  terminal.type(`${setUp}\n`)
  await terminal.shows(/ready/)
  for (const [typed, line] of [
    ['rel', 'reload '],
    ['--worke', '--workers='],
    ['status --js', 'status --json '],
    ['reload --rea', 'reload --reason='],
    ['status --control ser', 'status --control server.js '],
    ['completion f', 'completion fish '],
    ['--workers 2 server.', '--workers 2 server.js ']
  ] as const) {
    terminal.type(`${NAME} ${typed}\t\x07`)
    await terminal.shows(new RegExp(`<${NAME} ${line.replaceAll('.', '\\.')}>`))
    t.pass(line)
  }
  terminal.type('exit\n')
  await terminal.exit
})

t.test('every command and every option is there, in each shell', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await runCommand(['completion', shell])
    for (const name of Object.keys(COMMANDS)) t.match(stdout, new RegExp(`\\b${name}\\b`), `${shell}: ${name}`)
    for (const name of Object.keys({ ...LAUNCH_OPTIONS, ...COMMAND_OPTIONS }))
      t.match(stdout, new RegExp(shell === 'fish' ? ` -l ${name} ` : `--${name}\\b`), `${shell}: --${name}`)
  }
  t.match(await runCommand(['completion', 'tcsh']), {
    code: 2,
    stderr:
      "fastify-graceful-reload: there is no completion for 'tcsh', only for bash, zsh and fish; see fastify-graceful-reload --help\n"
  })
  for (const args of [
    ['completion', '--help'],
    ['help', 'completion']
  ])
    t.match(await runCommand(args), { code: 0, stdout: /source <\(fastify-graceful-reload completion bash\)/ })
})
