import { join } from 'node:path'
import t from 'tap'
import { COMMANDS } from '../../../lib/cli/commands.js'
import { runCommand } from '../../support/package-command.js'
import { PACKAGE_ROOT } from '../../support/release.js'

t.jobs = 2

/** The width of a terminal of the usual size. */
const SCREEN = { rows: 24, columns: 100 }

for (const args of [['--help'], ['-h'], ['help'], ['--workers', '2', '--help']])
  t.test(args.join(' '), async (t) => {
    const { code, stdout, stderr } = await runCommand(args)
    t.strictSame({ code, stderr }, { code: 0, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    t.ok(lines.length <= SCREEN.rows, `${lines.length} lines`)
    for (const line of lines) t.ok(line.length <= SCREEN.columns, `${line.length} columns: ${line}`)
    for (const name of Object.keys(COMMANDS)) t.match(stdout, new RegExp(`^ {2}${name} `, 'm'))
  })

for (const args of [['--version'], ['-v'], ['--workers=2', '-v']])
  t.test(args.join(' '), async (t) => {
    const { version } = require(join(PACKAGE_ROOT, 'package.json'))
    t.strictSame(await runCommand(args), { code: 0, stdout: `${version}\n`, stderr: '' })
  })

t.test('the usage of one command', async (t) => {
  for (const args of [
    ['reload', '--help'],
    ['reload', '--reason', 'x', '-h'],
    ['help', 'reload']
  ]) {
    const { code, stdout, stderr } = await runCommand(args)
    t.strictSame({ code, stderr }, { code: 0, stderr: '' })
    t.match(stdout, /^usage: fastify-graceful-reload reload \[options\]\n\n.*\n\n {2}--reason <text> /)
    t.match(stdout, /^ {2}--control <path> .*FASTIFY_GRACEFUL_CONTROL$/m)
    t.notMatch(stdout, /--workers/)
  }
  const other = await runCommand(['help', 'relaod'])
  t.strictSame(other, {
    ...{ code: 2, stdout: '' },
    stderr: "fastify-graceful-reload: there is no command 'relaod'; did you mean reload?\n"
  })
})

t.test('no arguments, or arguments that Node would not understand, get an answer of one line', async (t) => {
  for (const [args, says] of [
    [[], 'no script is given; see fastify-graceful-reload --help'],
    [['staus'], "there is no script 'staus'; did you mean status?"],
    [
      ['node', 'server.js'],
      "leave out 'node', as in 'fastify-graceful-reload server.js'; see fastify-graceful-reload --help"
    ],
    [['-V'], "Unknown option '-V'; did you mean -v?"],
    [['status', '-H'], "Unknown option '-H'; did you mean -h?"],
    [['help', 'reload', 'extra'], "Unexpected argument 'extra'; see fastify-graceful-reload --help"],
    [['completion', 'bash', 'extra'], "Unexpected argument 'extra'; see fastify-graceful-reload --help"],
    [
      ['completion'],
      'completion: the shell is missing: it must be bash, zsh or fish; see fastify-graceful-reload --help'
    ],
    ...['1025', '+1025', '-5000'].map(
      (number) =>
        [
          ['scale', number, '--control', '/x'],
          `scale: <+1|-1|N> must be a number of workers, from 1 to 1024, or a change such as +1 or -1 (to end the service, use stop), received ${number}; see fastify-graceful-reload scale --help`
        ] as const
    ),
    [
      ['--control', '/x', '--control-mode', '666', 'server.js'],
      '--control-mode must be one that lets no others in, such as 660: every process that can connect can reload the server, received 666; see fastify-graceful-reload --help'
    ],
    [['--worker', '2', 'server.js'], "Unknown option '--worker'; did you mean --workers?"],
    [
      ['--import', 'tsx', '--workers', '2', 'server.ts'],
      '--workers must come before the options of Node; see fastify-graceful-reload --help'
    ],
    [
      ['--require', __filename, '--control', 'x', 'server.js'],
      '--control must come before the options of Node; see fastify-graceful-reload --help'
    ]
  ] as const) {
    const { code, stdout, stderr } = await runCommand([...args])
    t.strictSame({ code, stdout }, { code: 2, stdout: '' })
    t.equal(stderr.replace(/\[\d+\]/, ''), `fastify-graceful-reload: ${says}\n`)
  }
})

t.test('behind a --, Node refuses an option of the launcher, which says why', async (t) => {
  for (const own of [[], ['--watch']]) {
    const { code, stderr } = await runCommand([...own, '--', '--require', __filename, '--workers', '2', 'server.js'])
    t.equal(code, 9, 'no change of a file mends a command line')
    t.match(stderr, /bad option: --workers\n/)
    t.match(stderr, /: --workers is an option of fastify-graceful-reload only before the options of Node\n$/)
  }
})
