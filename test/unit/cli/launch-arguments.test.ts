import childProcess from 'node:child_process'
import t from 'tap'
import { parseLaunchArguments } from '../../../lib/cli/launch-arguments.js'
import { ownOptionForApp } from '../../../lib/cli/node-arguments.js'

/** A file that is there. */
const SCRIPT = __filename

const ACCEPTED: Array<[args: string[], expected: object]> = [
  [['server.js'], { node: ['server.js'], workers: 1, control: undefined }],
  [['--workers', '4', 'server.js'], { node: ['server.js'], workers: 4 }],
  [['--workers=auto', 'server.js'], { node: ['server.js'], workers: 'auto' }],
  [['--control', 'sock', 'server.js'], { node: ['server.js'], control: { path: 'sock', mode: 0o600 } }],
  [
    ['--control=c', '--control-mode', '0660', '--control-group=0', 'server.js'],
    { node: ['server.js'], control: { path: 'c', mode: 0o660, group: 0 } }
  ],
  [['--control=/a=b', 'server.js'], { node: ['server.js'], control: { path: '/a=b' } }],
  [['server.js', '--workers', '4'], { node: ['server.js', '--workers', '4'], workers: 1 }],
  // From the first argument on that is not an option of the launcher, everything is for Node.
  [['--workers=2', '--import', 'tsx', 'server.ts', '-x'], { node: ['--import', 'tsx', 'server.ts', '-x'], workers: 2 }],
  [['--import=tsx', 'server.ts'], { node: ['--import=tsx', 'server.ts'] }],
  [['-r', './a.cjs', '-C', 'production', 's.js'], { node: ['-r', './a.cjs', '-C', 'production', 's.js'] }],
  [['--max-old-space-size=77', '--inspect', 's.js'], { node: ['--max-old-space-size=77', '--inspect', 's.js'] }],
  [['--of-a-later-node', 'x', '-y', 's.js', '--z'], { node: ['--of-a-later-node', 'x', '-y', 's.js', '--z'] }],
  // What Node would take for a file may be the script, and what follows its own.
  [['--inspect', SCRIPT, '--workers', '2'], { node: ['--inspect', SCRIPT, '--workers', '2'], workers: 1 }],
  [['--inspect', '--', 's.js', '--workers', '2'], { node: ['--inspect', '--', 's.js', '--workers', '2'], workers: 1 }],
  [['-e', 'serve()'], { node: ['-e', 'serve()'] }],
  [['--eval=serve()'], { node: ['--eval=serve()'] }],
  // A `--` ends ours, and what follows is not looked at.
  [['--workers', '3', '--', '--worker', '4', 's.js'], { node: ['--worker', '4', 's.js'], workers: 3 }],
  [['--', '--', '--odd-name.js'], { node: ['--', '--odd-name.js'] }],
  [['--', 'staus'], { node: ['staus'] }],
  [['--', 'node', 's.js'], { node: ['node', 's.js'] }],
  [['server.js', 'node'], { node: ['server.js', 'node'] }],
  [['-'], { node: ['-'] }],
  [['server.js'], { watch: undefined }],
  [['--watch', 'server.js'], { node: ['server.js'], watch: [] }],
  [['--watch', '--watch-path', SCRIPT, '--watch-path=.', 'server.js'], { node: ['server.js'], watch: [SCRIPT, '.'] }],
  [['--watch-path=.', 'server.js'], { watch: ['.'] }],
  [['server.js', '--watch'], { node: ['server.js', '--watch'], watch: undefined }]
]

for (const [args, expected] of ACCEPTED) {
  t.test(args.join(' '), async (t) => t.match(parseLaunchArguments(args, {}), expected))
}

const REFUSED: Array<[args: string[], message: RegExp]> = [
  [[], /no script/],
  [['--'], /no script/],
  [['--enable-source-maps'], /no script/],
  [['--workers', '2', '--enable-source-maps', '--inspect=0'], /no script/],
  [['--workers'], /--workers needs a value/],
  [['--workers', 'server.js', 'x.js'], /received server\.js/],
  [['--control=', 'server.js'], /--control must be the path/],
  [['--watch=yes', 'server.js'], /--watch takes no value, received yes/],
  [['--watch-path', 'no/such', 'server.js'], /--watch-path must be the path of a file or directory, received no.such/],
  ...['no/such', SCRIPT, `${SCRIPT}/x`, 'long'.repeat(100)].map((path): [string[], RegExp] => [
    ['--directory', path, 'server.js'],
    /^--directory must be the path of a directory, received /
  ]),
  [['--import', 'tsx', '--watch', 'server.ts'], /^--watch must come before the options of Node$/],
  [['node', 'server.js'], /^leave out 'node', as in 'fastify-graceful-reload server\.js'$/],
  [
    ['--workers', '2', 'node', '--import', 'tsx', 's.ts'],
    /^leave out 'node', as in 'fastify-graceful-reload --import tsx s\.ts'$/
  ],
  [['node'], /^leave out 'node'/],
  [['/no/such/node', 'server.js'], /^leave out '\/no\/such\/node', as in /],
  [[process.execPath, 'server.js'], /^leave out '.+', as in 'fastify-graceful-reload server\.js'$/],
  [['relaod', '--control', 'x'], /there is no script 'relaod'; did you mean reload\?$/],
  [['--control', '/x', 'status'], /^the command status must come first, before its options$/],
  [['staus'], /there is no script 'staus'; did you mean status\?$/],
  [['--worker', '2', 'server.js'], /Unknown option '--worker'; did you mean --workers\?$/],
  [['--contorl=x', 'server.js'], /Unknown option '--contorl'; did you mean --control\?$/],
  [['--enable-source-maps', '--workers', '2', 'server.js'], /^--workers must come before the options of Node$/],
  [['--import', 'tsx', '--workers=2', 'server.ts'], /^--workers must come before the options of Node$/],
  [['-r', 'a', '--title', 'b', '--control', 'c', 'server.js'], /^--control must come before the options of Node$/],
  [['--require', SCRIPT, '--control', 'c', 'server.js'], /^--control must come before the options of Node$/],
  [['-r', SCRIPT, '--inspect', '--watch', SCRIPT], /^--watch must come before the options of Node$/],
  [['--import', 'tsx', '--worker', '2', 'server.ts'], /Unknown option '--worker'; did you mean --workers\?$/],
  [['--control', '--workers', '2', 'server.js'], /^--control needs a value$/],
  [['--control-mode', '660', 'server.js'], /--control-mode and --control-group need --control/],
  [
    ['--control=c', '--control-mode', '0x1b0', 'server.js'],
    /--control-mode must be three octal digits.* received 0x1b0/
  ],
  [
    ['--control=c', '--control-mode=666', 'server.js'],
    /^--control-mode must be one that lets no others in, such as 660: .* server, received 666$/
  ],
  [
    ['--control=c', '--control-mode=060', 'server.js'],
    /^--control-mode must be a number from 600 to 770 that lets its owner in, such as 660, received 60$/
  ],
  [
    ['--control=c', '--control-group=no-such-group', 'server.js'],
    /^--control-group must be a group of this system, received 'no-such-group'$/
  ],
  [['--control=c', '--control-group', ' 5', 'server.js'], /^--control-group must be the name or the number of a group/],
  [['-V'], /^Unknown option '-V'; did you mean -v\?$/],
  [['--inspect', '-H', 'server.js'], /^Unknown option '-H'; did you mean -h\?$/],
  ...['0', '-1', '1.5', 'x', '', '1025', '0x', '1e9', '0x2', '1e1', ' 2', '2 ', '+2', '2.0', '0b1'].map(
    (value): [string[], RegExp] => [
      [`--workers=${value}`, 'server.js'],
      /--workers must be a whole number from 1 to 1024, or auto/
    ]
  )
]

for (const [args, message] of REFUSED) {
  t.test(`refused: ${args.join(' ')}`, async (t) => {
    t.throws(() => parseLaunchArguments(args, {}), { code: 'GRACEFUL_ERR_USAGE', message })
  })
}

t.test('an own option that follows the script is for the app, and is found', async (t) => {
  t.equal(ownOptionForApp([SCRIPT, '--workers', '4']), '--workers')
  t.equal(ownOptionForApp(['--inspect', SCRIPT, '-x', '--watch']), '--watch')
  t.equal(ownOptionForApp(['--require', SCRIPT, SCRIPT, '--control', 'x']), '--control')
  t.equal(ownOptionForApp(['--require', SCRIPT, '--control', 'x', SCRIPT]), undefined, 'Node takes the first file')
  t.equal(ownOptionForApp(['--import', 'tsx', SCRIPT]), undefined)
  t.strictSame(parseLaunchArguments(['--inspect', SCRIPT, '--control', 'x'], {}).control, undefined)
})

t.test('Node prints its help once, however many options are looked up', async (t) => {
  const started = t.capture(childProcess, 'spawnSync', childProcess.spawnSync)
  const args = ['--require', SCRIPT, '--import', SCRIPT, '--env-file', SCRIPT, '--control', 'x', SCRIPT]
  t.equal(ownOptionForApp(args), undefined)
  t.equal(ownOptionForApp(args), undefined)
  const { length } = started()
  t.ok(length <= 1, `${length} times`) // This process may have the list already.
})
