import t from 'tap'
import { type Ancestor, programName, roleOf } from '../../../lib/process/programs.js'
import { judge, type StartFacts } from '../../../lib/process/supervisor.js'

/** Command lines as /proc has them, with `|` for the zero byte. */
const args = (line: string) => line.split('|')

/** The processes above, parent first, as `pid command line`. */
const above = (...lines: string[]): Ancestor[] =>
  lines.map((line) => {
    const [, pid, rest = ''] = /^(\d+) (.*)$/.exec(line) ?? []
    return { pid: Number(pid), args: args(rest) }
  })

const GOD = 'PM2 v7.0.4: God Daemon (/home/app/.pm2)'
const SUPERVISORD = '/usr/bin/python3|/usr/bin/supervisord|-c|/etc/supervisord.conf'
const TERMINAL = ['20 -bash', '10 sshd: user@pts/0', '1 /sbin/init']

const origin = (facts: Partial<StartFacts>): StartFacts => {
  const { ancestors = above(...TERMINAL) } = facts
  return {
    pid: 100,
    ppid: ancestors[0]?.pid ?? 99,
    ancestors,
    env: {},
    script: '/srv/server.js',
    hasChannel: false,
    isClusterWorker: false,
    generation: 1,
    hasLauncher: false,
    ...facts
  }
}

/** For each way to start: why a reload is refused and what to do instead, or undefined. */
const TABLE: Array<[what: string, facts: Partial<StartFacts>, verdict: RegExp | undefined]> = [
  ['a terminal', {}, undefined],
  ['a login shell as PID 1', { ancestors: above('1 bash') }, undefined],
  ['an interactive shell as PID 1', { ancestors: above('1 /bin/sh|-i') }, undefined],
  ["an editor's terminal", { ancestors: above('1 bash|--init-file|/opt/code/shellIntegration-bash.sh') }, undefined],
  ['a shell with a command, in a terminal', { ancestors: above('50 sh|-c|node server.js', ...TERMINAL) }, undefined],
  ['init', { ancestors: above('1 /sbin/init') }, undefined],
  ['a test runner as PID 1', { ancestors: above('1 node|/srv/node_modules/.bin/tap') }, undefined],

  [
    'PID 1',
    { pid: 1, ppid: 0, ancestors: [] },
    /^as PID 1, .*start it with: node_modules\/\.bin\/fastify-graceful-reload server\.js$/
  ],
  [
    'PID 1 without /proc',
    { pid: 1, ppid: 0, ancestors: [], script: undefined },
    /^as PID 1, .*fastify-graceful-reload server/
  ],
  ['a shared namespace', { ppid: 0, ancestors: [] }, /^as the first process of a container/],
  [
    "the host's namespace",
    { ancestors: above('9 /usr/bin/conmon|--api-version', '1 systemd') },
    /first process of a cont/
  ],
  [
    'containerd',
    { ancestors: above('9 /usr/bin/containerd-shim-runc-v2|-id', '1 systemd') },
    /first process of a container/
  ],
  ['tini', { ancestors: above('1 tini|--|node|server.js') }, /^below tini as PID 1/],
  [
    'tini by its path',
    { ancestors: above('1 /usr/bin/tini-static|-s|--|node|server.js') },
    /^below tini-static as PID 1/
  ],
  ['dumb-init', { ancestors: above('1 /usr/bin/dumb-init|node|server.js') }, /^below dumb-init as PID 1/],
  ['docker --init', { ancestors: above('1 /sbin/docker-init|--|node|server.js') }, /^below docker-init as PID 1/],
  ['podman --init', { ancestors: above('1 /dev/init|--|node|server.js') }, /^below init as PID 1/],
  ['catatonit', { ancestors: above('1 /run/podman-init|--|node|server.js') }, /^below podman-init as PID 1/],
  ['a shell as PID 1', { ancestors: above('1 /bin/sh|-c|node server.js; true') }, /^below sh as PID 1/],
  ['an entry point', { ancestors: above('1 /bin/sh|/usr/local/bin/entry.sh|node') }, /^below sh as PID 1/],
  ['flags of a shell', { ancestors: above('1 bash|-lc|node server.js') }, /^below bash as PID 1/],
  [
    'npm as PID 1',
    { ancestors: above('12 sh|-c|node server.js', '1 npm start') },
    /^below npm as PID 1.*exec: "exec fastify-graceful-reload server\.js"$/
  ],
  [
    'npm under tini',
    { ancestors: above('7 sh|-c|node .', '6 npm run prod', '1 tini|--|npm|start') },
    /^below tini as PID 1/
  ],
  ['yarn as PID 1', { ancestors: above('1 node|/usr/local/bin/yarn|node|server.js') }, /^below yarn as PID 1/],
  [
    'pnpm as PID 1',
    { ancestors: above('7 sh|-c|node .', '1 node|/x/pnpm/bin/pnpm.cjs|start') },
    /^below pnpm as PID 1/
  ],
  [
    'npx tsx as PID 1',
    { ancestors: above('8 node|/a/tsx/dist/cli.mjs|a.ts', '1 npm exec tsx a.ts') },
    /^below npm as PID 1/
  ],
  ['sudo in a script as PID 1', { ancestors: above('2 sudo|-u|app|node|.', '1 sh|/run.sh') }, /^below sh as PID 1/],
  ['an interactive shell between', { ancestors: above('7 bash', '1 tini|--|sleep|infinity') }, undefined],

  [
    'npm in a terminal',
    { ancestors: above('31 sh|-c|node .', '30 npm start', ...TERMINAL) },
    /^with this reload npm ends/
  ],
  ['npx in a terminal', { ancestors: above('31 sh|-c|node .', '30 npm exec node .', ...TERMINAL) }, /reload npm ends/],
  ['yarn in a terminal', { ancestors: above('30 node|/usr/bin/yarn|node|.', ...TERMINAL) }, /reload yarn ends/],
  [
    'a terminal within npm run',
    { env: { npm_lifecycle_script: 'bash' }, ancestors: above('30 bash', '29 npm run x') },
    undefined
  ],
  ['a test below npm', { ancestors: above('40 node|/srv/test.js', '30 npm test', ...TERMINAL) }, undefined],
  [
    'npm without /proc',
    { ancestors: [], env: { npm_lifecycle_script: 'node server.js' } },
    /^with this reload npm ends/
  ],
  ['below npm without /proc', { ancestors: [], env: { npm_lifecycle_script: 'node test.js' } }, undefined],

  [
    'a service',
    { env: { SYSTEMD_EXEC_PID: '100' }, ancestors: above('1 /sbin/init') },
    /^as the main process of a systemd/
  ],
  [
    'a service that runs npm',
    { env: { SYSTEMD_EXEC_PID: '30' }, ancestors: above('31 sh|-c|.', '30 npm start', '1 x') },
    /systemd/
  ],
  [
    'Type=notify',
    { env: { SYSTEMD_EXEC_PID: '100', NOTIFY_SOCKET: '/run/n' }, ancestors: above('1 /sbin/init') },
    undefined
  ],
  [
    'a grandchild of a service',
    { env: { SYSTEMD_EXEC_PID: '30' }, ancestors: above('31 bash', '30 sshd', '1 x') },
    undefined
  ],
  [
    'an old systemd',
    { env: { INVOCATION_ID: 'a' }, ancestors: above('1 /lib/systemd/systemd|--system') },
    /systemd service/
  ],
  [
    'a shell in a service of old',
    { env: { INVOCATION_ID: 'a' }, ancestors: above('9 bash', '1 /lib/systemd/systemd') },
    undefined
  ],

  [
    'pm2',
    { env: { pm_id: '0' }, ancestors: above(`9 ${GOD}`, '1 x') },
    /^under pm2.*script "node_modules\/\.bin\/fastify-gra/
  ],
  ['pm2 runs npm', { env: { pm_id: '0' }, ancestors: above('31 sh|-c|.', '30 npm start', `9 ${GOD}`) }, /^under pm2/],
  ['pm2-runtime', { env: { pm_id: '0' }, ancestors: above('1 node|/usr/local/bin/pm2-runtime|start|.') }, /^under pm2/],
  [
    'pm2 without /proc',
    { env: { pm_id: '0' }, ancestors: [], script: '/x/pm2/lib/ProcessContainerFork.js' },
    /^under pm2/
  ],
  ['a terminal that pm2 started', { env: { pm_id: '0' }, ancestors: above('30 bash', `9 ${GOD}`) }, undefined],
  ['a child of an app of pm2', { env: { pm_id: '0' }, ancestors: above('30 node /srv/app.js', `9 ${GOD}`) }, undefined],
  ['a child of one without /proc', { env: { pm_id: '0' }, ancestors: [], hasChannel: true }, undefined],
  [
    'a worker of pm2',
    { env: { pm_id: '0' }, isClusterWorker: true, ancestors: above(`9 ${GOD}`) },
    /^in a worker of pm2/
  ],
  ['a worker of another primary', { isClusterWorker: true, ancestors: above('1 node|primary.js') }, undefined],

  [
    'supervisord',
    { ancestors: above(`9 ${SUPERVISORD}`, '1 x') },
    /^under supervisord.*start it with: node_modules\/\.bin\/fastify-graceful-reload/
  ],
  ['supervisord as PID 1', { ancestors: above(`1 ${SUPERVISORD}`) }, /^under supervisord/],
  ['a script under supervisord', { ancestors: above('30 bash|/srv/run.sh', `9 ${SUPERVISORD}`) }, /^under supervisord/],
  [
    'a shell below it',
    { env: { SUPERVISOR_ENABLED: '1' }, ancestors: above('30 bash', `9 ${SUPERVISORD}`) },
    undefined
  ],
  ['supervisord without /proc', { env: { SUPERVISOR_ENABLED: '1' }, ancestors: [] }, /^under supervisord/],
  ['runit', { ancestors: above('9 runsv|web', '1 runsvdir') }, /^under a service supervisor/],
  ['foreman', { ancestors: above('9 foreman: master', '1 systemd') }, /^under a service supervisor/],
  ['s6', { ancestors: above('9 s6-supervise|web', '1 s6-svscan') }, /^under a service supervisor/],

  ['node --watch', { ancestors: above('30 node|--watch|server.js', ...TERMINAL) }, /^in watch mode/],
  [
    'node --watch-path',
    { ancestors: above('30 /usr/bin/node|--watch-path=lib|server.js', ...TERMINAL) },
    /^in watch mode/
  ],
  ['its environment', { env: { WATCH_REPORT_DEPENDENCIES: '1' }, hasChannel: true }, undefined],
  ['it without /proc', { env: { WATCH_REPORT_DEPENDENCIES: '1' }, hasChannel: true, ancestors: [] }, /^in watch mode/],
  ['below it without /proc', { env: { WATCH_REPORT_DEPENDENCIES: '1' }, ancestors: [] }, undefined],
  ['nodemon', { ancestors: above('30 node|/x/node_modules/.bin/nodemon|server.js', ...TERMINAL) }, /^in watch mode/],
  ['tsx watch', { ancestors: above('30 node|node_modules/.bin/tsx|watch|server.ts', ...TERMINAL) }, /^in watch mode/],
  [
    'fastify start --watch',
    { ancestors: above('30 node|/usr/bin/fastify|start|-w|app.js', ...TERMINAL) },
    /^in watch mode/
  ],

  ['the child of a reload', { generation: 2, ancestors: above('1 tini|--|node|.') }, undefined],
  ['a launcher as PID 1', { hasLauncher: true, ancestors: above('1 node|/x/fastify-graceful-reload|.') }, undefined]
]

for (const [what, facts, expected] of TABLE) {
  t.test(what, async (t) => {
    const verdict = judge(origin(facts))
    if (expected === undefined) t.equal(verdict, undefined)
    else t.match(verdict?.kind === 'refused' ? `${verdict.why}; ${verdict.instead}` : verdict?.warning, expected)
  })
}

t.test('a process is known by the program that a user started', async (t) => {
  const names: Array<[line: string, name: string, role: string | undefined]> = [
    ['npm run start --workspaces', 'npm', 'package manager'],
    ['node|/usr/lib/node_modules/npm/bin/npm-cli.js|start', 'npm', 'package manager'],
    ['/usr/bin/node|/srv/.yarn/releases/yarn-4.1.0.cjs|start', 'yarn-4.1.0', 'package manager'],
    ['node|/srv/npm-report.js', 'node', undefined],
    ['-zsh', 'zsh', undefined],
    ['bash|-o|pipefail', 'bash', undefined],
    ['bash|-o|pipefail|run.sh', 'bash', 'shell'],
    ['/usr/bin/python3|/usr/bin/supervisord', 'supervisord', 'supervisord'],
    ['/lib/systemd/systemd|--user', 'systemd', 'systemd'],
    ['node|server.js', 'node', undefined],
    ['', '', undefined]
  ]
  for (const [line, name, role] of names) {
    t.equal(programName({ args: args(line) }), name, line)
    t.equal(roleOf({ pid: 2, args: args(line) }), role, line)
  }
  t.equal(roleOf({ pid: 2, args: [] }), undefined, 'a thread of the kernel')
})
