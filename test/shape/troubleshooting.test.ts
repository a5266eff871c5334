import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { FastifyError } from '@fastify/error'
import { test } from 'tap'
import * as controlErrors from '../../lib/control/errors.js'
import * as errors from '../../lib/errors.js'
import { type Sentence, sentencesOf, spokenIn } from './sentences.js'

// docs/troubleshooting.md: each error and each warning has an entry there, and each entry is about something that there
// is.

const root = resolve(__dirname, '../../..')
const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8')
const log = sectionOf('## What the log says')

const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `lib/${name.replaceAll('\\', '/')}`)

/** The errors of this package, each as it is made, with `…` for what differs in its message. */
const known = [...Object.values(errors), ...Object.values(controlErrors)].flatMap((one: unknown) => {
  if (typeof one !== 'function' || !(Symbol.for('fastify-error-generic') in Object(one.prototype))) return []
  const { code, statusCode, message } = new (one as new () => FastifyError)()
  return [{ code, statusCode, message: message.replace(/%[sd]/g, '…') }]
})
const codes = [...new Set(known.map(({ code }) => code))].sort()

/** Without types, as tsc has left them. */
const compiled = (file: string) => readFileSync(join(root, 'dist', file.replace(/\.ts$/, '.js')), 'utf8')

/** A function or a constant, in its file. */
type Place = readonly [file: string, name: string]

/**
 * Where the text of a line is made, if these places have only the call. None: the line is passed on, or is an error.
 */
const MADE_AT: Readonly<Record<string, readonly Place[]>> = {
  'lib/cli/launch.ts: isUsage ? (0, usage_js_1.withAdvice)(message) : message': [],
  'lib/control/handler.ts: (0, to_error_js_1.toError)(error).message': [],
  'lib/index.ts: warning': [],
  'lib/launcher/effects.ts: (0, host_js_1.failureOf)(effect, error)': [['lib/process/host.ts', 'failureOf']],
  'lib/launcher/effects.ts: (0, log_lines_js_1.lineOf)(effect, servers)': [['lib/launcher/log-lines.ts', 'lineOf']],
  'lib/launcher/effects.ts: (0, log_lines_js_1.restartLine)(server, pause)': [
    ['lib/launcher/log-lines.ts', 'restartLine']
  ],
  'lib/launcher/launcher.ts: problem': [],
  'lib/launcher/watch/file-watch.ts: (0, host_js_1.failureOf)(effect, error)': [['lib/process/host.ts', 'failureOf']],
  'lib/launcher/watch/file-watch.ts: (0, text_js_1.untoldLine)(error)': [['lib/launcher/watch/text.ts', 'untoldLine']],
  'lib/launcher/watch/file-watch.ts: line': [['lib/launcher/watch/text.ts', 'failureLines']],
  'lib/launcher/watch/file-watch.ts: why': [],
  'lib/process/apps.ts: warning': [['lib/process/server-process.ts', 'STRANGER']],
  'lib/process/effects.ts: (0, host_js_1.failureOf)(effect, error)': [['lib/process/host.ts', 'failureOf']],
  'lib/process/effects.ts: WARNINGS[about](reason)': [['lib/process/effects.ts', 'WARNINGS']],
  'lib/process/foreign-handlers.ts: warning': [
    ['lib/process/foreign-handler.ts', 'WARNINGS'],
    ['lib/process/foreign-handler.ts', 'taken']
  ],
  'lib/process/log.ts: ...line': [['lib/events.ts', 'LINES']],
  'lib/process/log.ts: warning': [],
  'lib/process/server-process.ts: warning': [],
  'lib/process/service.ts: doubt': [
    ['lib/process/doubts.ts', 'ignoredOptions'],
    ['lib/util/unit-doubt.ts', 'unitDoubt']
  ],
  'lib/process/service.ts: warning': [],
  'lib/process/surroundings.ts: this.#verdict.warning': [['lib/process/supervisor.ts', 'packageManager']],
  'lib/process/warmup.ts: warning': [],
  'lib/reload/parent-role.ts: warning': [['lib/reload/compile-cache.ts', 'shareCompileCache']],
  'lib/reload/health-watch.ts: (0, host_js_1.failureOf)(effect, error)': [['lib/process/host.ts', 'failureOf']],
  'lib/sockets/activated-listeners.ts: problem': [['lib/sockets/socket-activation.ts', 'takeActivation']]
}

/** Lines that report what goes well, and parts of others. */
const ASKS_NOTHING: readonly string[] = [
  'generation … serves on …',
  'adopted the listener on …',
  'reload (…): started child …',
  'reload (…): another reload is in progress, so one more will follow it',
  'handed over to …, which is on probation for … ms',
  'reload succeeded: generation … is process ……',
  'check (…): started child …, which will not serve',
  'check passed, nothing has changed: process … booted…',
  'draining (…): … open connection…',
  'reload (…): waiting until the number of workers has changed',
  'server … answers again',
  'stop (…)',
  'stop (…): reports that it is not ready, and still accepts for … ms',
  'watching …: a change reloads',
  'reloaded in … ms: …',
  'started in … ms: …',
  // Parts.
  'has failed and is leaving',
  'health (except check and checkTimeout)',
  "the system's limit of watched folders is reached (sysctl fs.inotify.max_user_watches)",
  'the limit of watchers or open files is reached (sysctl fs.inotify.max_user_instances, ulimit -n)',
  '  …',
  'the server keeps serving the previous code; the next change reloads'
]

const spoken = files.map((file) => spokenIn(file, compiled(file)))
const sentences: Sentence[] = [
  ...spoken.flatMap((each) => each.sentences),
  ...Object.values(MADE_AT)
    .flat()
    .flatMap(([file, name]) => sentencesOf(file, compiled(file), name))
]

test('each place that says something in the log is known', async (t) => {
  t.strictSame([...new Set(spoken.flatMap(({ indirect }) => indirect))].sort(), Object.keys(MADE_AT).sort())
})

test('each line of the log that asks for something has an entry', async (t) => {
  t.ok(sentences.length > 50, `${sentences.length} sentences`)
  const entries = entriesOf(log).map(patternOf)
  const isMissing = ({ text }: Sentence) => !ASKS_NOTHING.includes(text) && !entries.some((entry) => entry.test(text))
  t.strictSame(sentences.filter(isMissing), [])
})

test('each entry is about a line that there is', async (t) => {
  const texts = [...sentences.map(({ text }) => text), ...known.map(({ message }) => message)]
  t.strictSame(
    entriesOf(log).filter((entry) => !texts.some((text) => patternOf(entry).test(text))),
    []
  )
  t.strictSame(
    ASKS_NOTHING.filter((text) => !texts.includes(text)),
    []
  )
})

test('each error has an entry, with its status, its message and what to do', async (t) => {
  const named = files.flatMap((file) => readFileSync(join(root, file), 'utf8').match(/GRACEFUL_ERR_[A-Z]\w*/g) ?? [])
  t.strictSame([...new Set(named)].sort(), codes, 'all codes are those of classes')
  t.strictSame([...page.matchAll(/^#### (GRACEFUL_ERR_\w+)$/gm)].map(([, code]) => code).sort(), codes)
  for (const { code, statusCode, message } of known) {
    const entry = sectionOf(`#### ${code}`)
    t.match(entry, new RegExp(`^Status ${statusCode}\\b`, 'm'), code)
    t.match(entry, '**What to do**: ', code)
    const quotes = [...entry.matchAll(/`([^`]+)`/g)].map(([, quote = '']) => patternOf(quote))
    if (message !== '…')
      t.ok(
        quotes.some((quote) => quote.test(message)),
        `${code}: ${message}`
      )
  }
})

test('no text names an error that there is not', async (t) => {
  const others = (page.match(/GRACEFUL_ERR_\w+/g) ?? []).filter((code) => !codes.includes(code))
  t.strictSame(others, [])
})

/** The text below a heading, up to the next one of its rank or a higher one. */
function sectionOf(heading: string): string {
  const from = page.indexOf(`\n${heading}\n`)
  if (from === -1) throw new Error(`there is no ${heading}`)
  const rank = heading.indexOf(' ')
  const [text = ''] = page.slice(from + heading.length + 2).split(new RegExp(`^#{1,${rank}} `, 'm'))
  return text
}

/** The lines of the log that a section has entries for. */
function entriesOf(section: string): string[] {
  return [...section.matchAll(/^- `([^`]+)`:$/gm)].map(([, entry = '']) => entry)
}

/** A line that begins like this, `…` standing for anything. */
function patternOf(entry: string): RegExp {
  const parts = entry.replace(/\s+/g, ' ').split('…')
  return new RegExp(`^${parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}`)
}
