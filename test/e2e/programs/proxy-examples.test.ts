// example/nginx and example/haproxy as they are: two machines, blue and green, all under load.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { WAIT_LIMIT } from '../../support/limit.js'
import { noNetworkNamespace } from '../../support/namespace.js'
import { missingProxy } from '../../support/programs.js'
import { PACKAGE_ROOT } from '../../support/release.js'

t.jobs = 2

/** The servers that must have answered, in the order of the example: first behind port 8080, then behind 8081. */
const ANSWERED = [
  'machine 1, release 1',
  'machine 1, release 2',
  'machine 1, release 3',
  'machine 2, release 1',
  'machine 2, release 2',
  'blue, release 1',
  'green, release 2'
]

for (const { folder, program, title, hidesNothing } of [
  { folder: 'nginx', program: 'nginx', title: 'nginx', hidesNothing: ['nginx.conf', /^ *proxy_next_upstream off;$/m] },
  { folder: 'haproxy', program: 'haproxy', title: 'HAProxy', hidesNothing: ['haproxy.cfg', /^ *retries 0$/m] }
] as const) {
  t.test(`example/${folder}`, { skip: missingProxy(program) || noNetworkNamespace }, async (t) => {
    const { code, output } = await run(join(PACKAGE_ROOT, 'example', folder, 'run.mjs'))
    t.equal(code, 0, 'exit code', { output })
    t.equal(failuresIn(t, output), 0, 'failed requests', { output })
    for (const machine of [1, 2]) {
      const answers = 'release 2 answers on [1-9]\\d* connections that the proxy had, and 0 new ones;'
      t.match(output, new RegExp(`machine ${machine} has reloaded: ${answers}`))
    }
    for (const server of ['machine 1', 'blue'])
      t.match(output, `${server} has stopped: its status route said 503, its exit code is 0;`)
    const answers = [...output.matchAll(/^ +(.+): (\d+) answers$/gm)].map(([, from, count]) => [from, Number(count)])
    t.strictSame(answers.map(([from]) => from).sort(), [...ANSWERED].sort())
    for (const [from, count] of answers) t.ok(Number(count) >= 30, `${from}: ${count}`)
    t.match(output, `${title} tried 0 requests twice`)
    const [file, line] = hidesNothing
    t.match(readFileSync(join(PACKAGE_ROOT, 'example', folder, file), 'utf8'), line, 'and is configured not to')
  })
}

/** Returns how many requests failed, over the whole output. */
function failuresIn(t: Test, output: string): number {
  const reports = [...output.matchAll(/(\d+) requests, (\d+) failed/g)].map(([, requests, failed]) => ({
    requests: Number(requests),
    failed: Number(failed)
  }))
  t.ok(reports.length >= 7, `${reports.length} reports`)
  t.ok(reports.every(({ requests }) => requests > 0))
  return reports.reduce((sum, { failed }) => sum + failed, 0)
}

async function run(script: string): Promise<{ code: number; output: string }> {
  const command = bare(ownEnvironment(), process.execPath, [script])
  try {
    const { stdout, stderr } = await promisify(execFile)(...command, { timeout: 5 * WAIT_LIMIT })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, output: stdout + stderr }
  }
}
