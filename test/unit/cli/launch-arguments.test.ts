import t from 'tap'
import { parseLaunchArguments } from '../../../lib/cli/launch-arguments.js'

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
  [
    ['--import', 'tsx', '--workers', '2', 'server.ts', '-x'],
    { node: ['--import', 'tsx', 'server.ts', '-x'], workers: 2 }
  ],
  [['--import=tsx', 'server.ts'], { node: ['--import=tsx', 'server.ts'] }],
  [['-r', './a.cjs', '-C', 'production', 's.js'], { node: ['-r', './a.cjs', '-C', 'production', 's.js'] }],
  [['--max-old-space-size=77', '--inspect', 's.js'], { node: ['--max-old-space-size=77', '--inspect', 's.js'] }],
  [['--title', '--workers', 's.js'], { node: ['--title', '--workers', 's.js'], workers: 1 }],
  [['--unhandled-rejections', 'strict', '--workers', '2', 's.js'], { workers: 2 }],
  [['--', '--odd-name.js'], { node: ['--', '--odd-name.js'] }],
  [['-'], { node: ['-'] }]
]

for (const [args, expected] of ACCEPTED) {
  t.test(args.join(' '), async (t) => t.match(parseLaunchArguments(args, {}), expected))
}

const REFUSED: Array<[args: string[], message: RegExp]> = [
  [[], /no script/],
  [['--'], /no script/],
  [['--enable-source-maps'], /no script/],
  [['--import', 'tsx'], /no script/],
  [['--import'], /--import needs a value/],
  [['--workers'], /--workers needs a value/],
  [['--workers', 'server.js', 'x.js'], /received server\.js/],
  [['--control=', 'server.js'], /--control must be the path/],
  [['relaod', '--control', 'x'], /there is no script 'relaod'; did you mean reload\?$/],
  [['staus'], /there is no script 'staus'; did you mean status\?$/],
  [['--worker', '2', 'server.js'], /Unknown option '--worker'; did you mean --workers\?$/],
  [['--contorl=x', 'server.js'], /Unknown option '--contorl'; did you mean --control\?$/],
  [['--control-mode', '660', 'server.js'], /--control-mode and --control-group need --control/],
  [
    ['--control=c', '--control-mode', '0x1b0', 'server.js'],
    /--control-mode must be three octal digits.* received 0x1b0/
  ],
  [['--control=c', '--control-mode=666', 'server.js'], /lets no others in.* received 0o666/],
  [['--control=c', '--control-group=no-such-group', 'server.js'], /a group of this system, received 'no-such-group'/],
  ...['0', '-1', '1.5', 'x', '', '1025', '0x', '1e9'].map((value): [string[], RegExp] => [
    [`--workers=${value}`, 'server.js'],
    /--workers must be a number from 1 to 1024, or auto/
  ])
]

for (const [args, message] of REFUSED) {
  t.test(`refused: ${args.join(' ')}`, async (t) => {
    t.throws(() => parseLaunchArguments(args, {}), { code: 'GRACEFUL_ERR_USAGE', message })
  })
}
