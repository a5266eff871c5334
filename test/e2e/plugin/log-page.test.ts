import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection } from '../../support/connection.js'
import type { Line } from '../../support/output.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { startScript } from '../../support/script.js'
import type { TestServer } from '../../support/server.js'

/**
 * What docs/log.md shows is what is printed: `UPDATE_LOG=1 node dist/test/e2e/plugin/log-page.test.js` writes it
 * again.
 */
const PAGE = join(PACKAGE_ROOT, 'docs/log.md')

const FORMATS: Record<string, string> = {
  'As JSON (`logger: true`)': 'Fastify({ logger: true })',
  'Through pino-pretty':
    "Fastify({ logger: { transport: { target: 'pino-pretty', options: { colorize: false, translateTime: 'HH:MM:ss' } } } })",
  'Without a logger': 'Fastify()'
}

/** A line, and what pino-pretty indents below it. */
type Block = [head: string, ...rest: string[]]

/** What one process has said, as anybody's process would have. */
function blocksOf(server: TestServer, pid: number): Block[] {
  const own = new RegExp(`"pid":${pid},"hostname"|\\(${pid}\\):|\\[${pid}\\]:`)
  const isOurs = (text: string) => /"graceful":|graceful: "|fastify-graceful-reload\[/.test(text)
  const blocks = blocksIn(server.output.texts(/./))
  return blocks.filter((block) => own.test(block[0]) && isOurs(block.join('\n')))
}

function blocksIn(lines: readonly string[]): Block[] {
  const blocks: Block[] = []
  for (const line of lines.map((text) => text.replace(/^(out|err): /, ''))) {
    if (line.startsWith('    ') && blocks.length > 0) blocks.at(-1)?.push(line)
    else blocks.push([line])
  }
  return blocks
}

/** Replaces the parts that differ each time by names. */
function plain(line: string, names: ReadonlyMap<number, number>): string {
  let text = line
  for (const [pid, name] of names) text = text.replaceAll(String(pid), String(name))
  return text
    .replace(/"time":\d+/, '"time":1700000000000')
    .replace(/"hostname":"[^"]*"/, '"hostname":"host"')
    .replace(/^\[\d\d:\d\d:\d\d\]/, '[12:00:00]')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:3000')
    .replace(/"stack":"(?:[^"\\]|\\.)*"/g, '"stack":"…"')
    .replace(/\/[\w/-]*graceful-\w+\/release/g, '/srv/app')
    .replace(/"timings":\{[^}]*\}/, '"timings":{…}')
    .replace(/"(boot|handoff|probation|total)": [\d.]+/g, '"$1": 1')
    .replace(/(started child|"child":|child:) ?\d{4,}/g, '$1 102')
    .replace(/"child": (\d)/g, '"child":$1')
    .replace(/" {4}at [^"]*",?/g, '')
    .replace(/,\]/g, ']')
    .replace(/"age": \d+/g, '"age": 1')
    .replace(/"age":\d+/g, '"age":1')
    .replace(/age: \d+/g, 'age: 1')
    .replace(/\(\d+ ms\)/g, '(1 ms)')
    .replace(/("answers":|answers:)( ?)\d+/g, '$1$2100')
    .replaceAll(process.version, 'v22.0.0')
}

/** The story of each server, and the line with which each part ends. */
const PARTS: ReadonlyArray<readonly [title: string, end: RegExp]> = [
  ['A reload that fails', /reload failed/],
  ['A reload that is rolled back', /was rolled back/],
  ['A stop that is forced', /^(?!)/]
]

/** A reload that fails, one that is rolled back, and a stop that is forced. */
async function tell(t: Test, app: string): Promise<string> {
  const server = await startScript(t, { app, packages: ['pino-pretty'] }, { config: { options: { probation: 1000 } } })
  const names = new Map([[server.pid, 101]])
  const client = await HttpConnection.open(server.target())
  const slow = client.send({ path: '/hold/slow' })
  slow.response.catch(() => {})
  await server.held('slow')
  const good = await server.release.read('server.cjs')
  await server.release.write('server.cjs', "throw new Error('DATABASE_URL is not set')")
  await server.tell({ command: 'reload', reason: 'deploy 42' }, server.pid)
  await server.event('reload rejected')

  await server.release.write('server.cjs', good)
  await server.tell({ command: 'reload', reason: 'deploy 43' }, server.pid)
  const isLater = (line: Line) => line.fixture === 'started' && line.pid !== server.pid
  const { pid } = await server.event({ what: 'start of a child', test: isLater })
  names.set(pid, 102)
  await untilServed(server, pid)
  await server.tell({ command: 'rollback', reason: 'the queue is not there' }, pid)
  await server.event({ what: 'end of the child', test: (line) => line.fixture === 'exit' && line.pid === pid })
  await server.event({ what: 'second rejection', test: () => server.events('reload rejected').length > 1 })

  server.signal('SIGTERM', server.pid)
  await untilDraining(server)
  server.signal('SIGTERM', server.pid)
  await server.waitFor(server.gone, 'end of all')
  return partsOf(server)
    .map(([title, lines]) => textOf(title, lines, names))
    .join('\n')
}

/** The lines of the first process, but for those of its start. */
function partsOf(server: TestServer): Array<[title: string, lines: string[]]> {
  const blocks = blocksOf(server, server.pid).filter(([head]) => !/generation 1 serves/.test(head))
  return PARTS.map(([title, end]) => {
    const last = blocks.findIndex(([head]) => end.test(head))
    return [title, blocks.splice(0, last === -1 ? blocks.length : last + 1).flat()]
  })
}

function textOf(title: string, lines: readonly string[], names: ReadonlyMap<number, number>): string {
  // Where in Node and in this package is another matter in each version.
  const said = lines.map((line) => plain(line, names)).filter((line) => !/^\s+at /.test(line) && line.trim() !== '')
  return `**${title}**\n\n\`\`\`text\n${said.join('\n') || '(nothing)'}\n\`\`\`\n`
}

/** Asks for its phase until it drains. */
async function untilDraining(server: TestServer): Promise<void> {
  for (;;) {
    const { length } = server.events('phase')
    await server.tell({ command: 'phase' }, server.pid)
    const { phase } = await server.event({
      what: 'answer',
      test: (line) => line.fixture === 'phase' && server.events('phase').indexOf(line) >= length
    })
    if (phase === 'draining') return
  }
}

/** Asks until this process answers. */
async function untilServed(server: TestServer, pid: number): Promise<void> {
  for (;;) {
    const client = await HttpConnection.open(server.target())
    const { pid: answering } = JSON.parse((await client.request({ path: '/' })).body)
    client.close()
    if (answering === pid) return
  }
}

async function reload(t: Test, app: string): Promise<string> {
  const server = await startScript(t, { app, packages: ['pino-pretty'] }, { config: { options: { probation: 100 } } })
  const hasLogger = app !== 'Fastify()'
  await server.tell({ command: 'reload', reason: 'deploy 41' }, server.pid)
  const isLater = (line: Line) => line.fixture === 'started' && line.pid !== server.pid
  const { pid } = await server.event({ what: 'start of a child', test: isLater })
  await server.event({ what: 'end of the parent', test: (line) => line.fixture === 'exit' && line.pid === server.pid })
  if (hasLogger) await Promise.all([server.said(/closed \(reloaded\)/), server.said(/generation 2 serves/)])
  const names = new Map([
    [server.pid, 101],
    [pid, 102]
  ])
  const blocks = [server.pid, pid].flatMap((one) => blocksOf(server, one))
  const text = textOf('A reload', blocks.filter(([head]) => !/generation 1 serves/.test(head)).flat(), names)
  server.signal('SIGTERM', pid)
  await server.waitFor(server.gone, 'end of all')
  return text
}

t.test('docs/log.md shows what is printed', async (t) => {
  const parts: string[] = []
  for (const [format, app] of Object.entries(FORMATS))
    parts.push(`## ${format}\n\n${await reload(t, app)}\n${await tell(t, app)}`)
  const text = `# What the log says

The test \`plugin/log-page.test.ts\` writes this page from what servers print. Pids, times, ports and paths are made up.
For a reload, the lines of the old process come first, then those of the new one. Each line has the \`generation\` of its
process.

${parts.join('\n')}`
  if (process.env.UPDATE_LOG === '1') writeFileSync(PAGE, text)
  t.equal(text, readFileSync(PAGE, 'utf8'), 'or run UPDATE_LOG=1 node dist/test/e2e/plugin/log-page.test.js')
})
