import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { askControl, startWithControl } from '../../support/control-requests.js'
import { curl, NO_CURL } from '../../support/curl.js'
import { Example } from '../../support/example.js'
import { Framework } from '../../support/frameworks.js'
import { freePort } from '../../support/free-port.js'
import { Metrics, metricsAt, NO_PROMTOOL, promtoolSays } from '../../support/metrics.js'
import { missingProxy } from '../../support/programs.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { LAUNCHER } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'

t.jobs = 2

const FOLDER = join(PACKAGE_ROOT, 'example/observability')
const textOf = (file: string) => readFileSync(join(FOLDER, file), 'utf8')

/** A metric in an expression, by its name without the prefix. */
const NAMES = /fastify_graceful_(\w+)/g
const namesIn = (text: string) => [...new Set([...text.matchAll(NAMES)].map(([, name = '']) => name))].sort()

interface Panel {
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: Array<{ expr: string; datasource: { uid: string } }>
}

const dashboard = JSON.parse(textOf('dashboard.json')) as {
  uid: string
  panels: Panel[]
  templating: { list: Array<{ name: string; definition?: string }> }
}

function promtool(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: FOLDER, encoding: 'utf8' })
  return status === 0 ? 'passed' : stdout + stderr
}

t.test('the rules and the configuration', { skip: NO_PROMTOOL }, async (t) => {
  t.equal(promtool('check', 'config', 'prometheus.yml'), 'passed')
  t.equal(promtool('test', 'rules', 'rules.test.yml'), 'passed')
  const alerts = [...textOf('rules.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
  const fired = [...textOf('rules.test.yml').matchAll(/alertname: (\w+)\n +exp_alerts/g)].map(([, name]) => name)
  t.strictSame([...new Set(fired)].sort(), [...alerts].sort(), 'each of them is seen to fire')
  const told = [...textOf('README.md').matchAll(/^\| `([A-Z]\w+)` \|/gm)].map(([, name]) => name)
  t.strictSame(told, alerts, 'the page has all of them')
})

t.test('the dashboard', async (t) => {
  const { panels, templating } = dashboard
  const variables = templating.list.map(({ name }) => name)
  t.strictSame(variables, ['datasource', 'job', 'instance'])
  for (const { title, targets, type } of panels) {
    t.ok(title)
    if (type !== 'row') t.ok((targets ?? []).length > 0, title)
    for (const { datasource } of targets ?? []) t.equal(datasource.uid, `$\{datasource}`)
  }
  const boxes = panels.map(({ gridPos }) => gridPos)
  const isApart = (a: Panel['gridPos'], b: Panel['gridPos']) =>
    a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
  t.ok(boxes.every((box, index) => box.x + box.w <= 24 && boxes.slice(index + 1).every((other) => isApart(box, other))))
  if (NO_PROMTOOL !== false) return
  const rules = expressionsOf(panels).map(
    (expr, index) => `- record: panel:${index}\n      expr: ${JSON.stringify(expr)}`
  )
  const file = join(await tempFolder(t), 'rules.yml')
  await writeFile(file, `groups:\n  - name: panels\n    rules:\n    ${rules.join('\n    ')}\n`)
  t.equal(promtool('check', 'rules', file), 'passed', 'each expression can be read')
})

t.test('rules and dashboard name what there is', { skip: NO_CURL }, async (t) => {
  const { control } = await startWithControl(t, { options: { probation: 50 } })
  await askControl(control, { command: 'reload' })
  const known = [...(await metricsAt(control)).families.keys()].sort()
  t.strictSame(namesIn(JSON.stringify(dashboard)), known, 'the dashboard has all of them')
  for (const file of ['rules.yml', 'rules.test.yml', 'README.md', 'collect.mjs', 'prometheus.yml'])
    for (const name of namesIn(textOf(file)).filter((name) => name !== ''))
      t.ok(known.includes(name), `${file}: ${name}`)
})

const promClient = new Framework('prom-client', 'prom-client@15')
// From 14 on it needs Node 22, and has the successor of prom-client.
const release = Number(process.versions.node.split('.')[0]) >= 22 ? 14 : 12
const fastifyMetrics = new Framework(`fastify-metrics-${release}`, `fastify-metrics@${release}`)

/** Lets an example find packages, and the file that it imports. */
function withCollector(framework: Framework, name: string) {
  return async (folder: string) => {
    await copyFile(join(FOLDER, 'collect.mjs'), join(folder, 'collect.mjs'))
    await framework.provideTo(join(folder, 'node_modules'), name)
  }
}

t.test('an app with fastify-metrics', { skip: fastifyMetrics.missing }, async (t) => {
  const prepare = withCollector(fastifyMetrics, 'fastify-metrics')
  const example = await Example.start(t, 'example/observability/fastify-metrics.mjs', { copied: true, prepare })
  await example.ask('/')
  await example.reload()
  const metrics = new Metrics(await (await example.ask('/metrics')).text())
  t.match(metrics.text, 'process_cpu_user_seconds_total')
  t.equal(metrics.get('generation'), 2)
  t.equal(metrics.get('reloads_total{outcome="succeeded"}'), 1)
  t.equal(await example.stop(), 0)
})

t.test('an app with its own registry', { skip: promClient.missing }, async (t) => {
  const prepare = withCollector(promClient, 'prom-client')
  const example = await Example.start(t, 'example/observability/server.mjs', { copied: true, apps: 2, prepare })
  const metricsNow = async () => new Metrics(await (await example.ask('/metrics')).text())
  await example.ask('/')
  const before = await metricsNow()
  t.match(before.text, 'app_greetings_total 1')
  t.match(before.text, 'process_cpu_user_seconds_total')
  t.equal(before.get('generation'), 1)
  t.equal(before.get('reload_failures_total{code="GRACEFUL_ERR_VETOED"}'), 0)
  if (NO_PROMTOOL === false) t.equal(promtoolSays(before.text.replaceAll(/^.*nodejs_.*\n/gm, '')), '')
  const script = join(example.folder, 'server.mjs')
  const good = await readFile(script, 'utf8')
  await writeFile(script, 'this is no JavaScript')
  process.kill(example.pid, 'SIGHUP')
  await example.event('reload-failed')
  await writeFile(script, good)
  await example.reload()
  const after = await metricsNow()
  t.equal(after.get('generation'), 2)
  t.match(after.all('reloads_total'), { '{outcome="succeeded"}': 1, '{outcome="failed"}': 1 })
  t.equal(after.get('reload_failures_total{code="GRACEFUL_ERR_CHILD_EXITED"}'), 1)
  t.equal(after.get('last_reload_successful'), 1)
  const later = await metricsNow()
  t.strictSame(later.lessThan(after), [], 'what is shown twice is not added up')
  t.ok(Number(later.get('connections_opened_total')) > Number(after.get('connections_opened_total')))
  t.equal(later.get('connections_opened_total'), Number(after.get('connections_opened_total')) + 1)
  t.equal(await example.stop(), 0)
})

t.test('a route that asks the launcher, and a file for node_exporter', { skip: NO_CURL }, async (t) => {
  const control = join(await tempFolder(t), 'control.sock')
  const env = { FASTIFY_GRACEFUL_CONTROL: control, METRICS_PORT: String(await freePort()) }
  const example = await Example.start(t, 'example/observability/route.mjs', {
    ...{ apps: 2, env },
    launcher: [LAUNCHER, '--workers', '2']
  })
  await example.event(() => example.output.all('serving').length === 2)
  const answer = await example.ask('/metrics')
  t.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  t.strictSame(Object.keys(new Metrics(await answer.text()).all('worker_up')), ['{worker="1"}', '{worker="2"}'])

  // The system still accepts connections to its control socket.
  process.kill(example.started, 'SIGSTOP')
  const late = await example.ask('/metrics')
  t.match(await late.json(), { statusCode: 500, message: 'the launcher does not answer' })
  t.match(await (await example.ask('/')).json(), { hello: 'world', generation: 1 })
  process.kill(example.started, 'SIGCONT')
  const afterwards = new Metrics(await (await example.ask('/metrics')).text())
  t.equal(afterwards.get('restarts_total'), 0, 'no server has ended')

  const folder = await tempFolder(t)
  const file = join(folder, 'app.prom')
  const write = () => {
    const [command, args] = bare(ownEnvironment(), join(FOLDER, 'textfile.sh'), [control, file])
    return spawnSync(command, args, { encoding: 'utf8' })
  }
  t.equal(write().status, 0)
  const written = await readFile(file, 'utf8')
  t.equal(new Metrics(written).get('worker_up{worker="2"}'), 1)
  t.strictSame(await readdir(folder), ['app.prom'])
  t.match(await curl(control, '/stop', '-X', 'POST'), { status: 202 })
  await example.gone
  t.equal(write().status, 1)
  t.strictSame(await readdir(folder), [], 'no old figures stay')
})

t.test('nginx shows the metrics, and nothing else', { skip: NO_CURL || missingProxy('nginx') }, async (t) => {
  const { control } = await startWithControl(t)
  const port = await freePort()
  await startNginx(t, textOf('nginx.conf').replaceAll('/run/app/control.sock', control).replace('9464', String(port)))
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method })
  t.equal(new Metrics(await (await get('/metrics')).text()).get('worker_up{worker="1"}'), 1)
  t.equal((await get('/metrics', 'POST')).status, 403)
  for (const path of ['/status', '/metrics/../stop', '/stop']) t.equal((await get(path, 'POST')).status, 404, path)
})

function expressionsOf(panels: readonly Panel[]): string[] {
  const all = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  return all.map((expr) =>
    expr
      .replaceAll('$__rate_interval', '1m')
      .replaceAll('$__', '')
      .replaceAll(/\$(job|instance)/g, '.*')
  )
}

/** With what nginx writes in a folder of the test. */
async function startNginx(t: Test, text: string): Promise<void> {
  const folder = await tempFolder(t)
  await mkdir(join(folder, 'logs'))
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`
  )
  const config = join(folder, 'nginx.conf')
  await writeFile(config, text.replace('http {', `http {\n  access_log off;\n  ${paths.join(' ')}`))
  const args = [
    '-p',
    folder,
    '-c',
    config,
    '-e',
    join(folder, 'error.log'),
    '-g',
    `pid ${folder}/pid; ${process.getuid?.() === 0 ? 'user root;' : ''}`
  ]
  execFileSync('nginx', args)
  t.teardown(() => execFileSync('nginx', [...args, '-s', 'stop']))
}
