import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { ControlReloadLine } from '../../lib/control/messages.js'
import { within } from './limit.js'
import { Lines } from './lines.js'
import { missing } from './programs.js'

/** Why tests with curl must be skipped; false if it is here. */
export const NO_CURL = missing('curl')

/** What was answered. */
export interface CurlAnswer {
  status: number
  type: string
  /** The lines of the body, each as its JSON. */
  lines: Array<Record<string, unknown>>
}

/** Asks at a control socket. */
export async function curl(control: string, path: string, ...args: string[]): Promise<CurlAnswer> {
  const format = '\n%{http_code} %{content_type}'
  const child = start(control, path, '-w', format, ...args)
  const [printed] = await within(Promise.all([text(child.stdout), once(child, 'exit')]), `answer to curl ${path}`)
  const lines = printed.trimEnd().split('\n')
  const [, status, type = ''] = /^(\d+) (.*)$/.exec(lines.pop() ?? '') ?? []
  return { status: Number(status), type, lines: lines.filter(Boolean).map((line) => JSON.parse(line)) }
}

/** A reload that curl has asked for, line by line. */
export class CurlReload {
  readonly #child: ReturnType<typeof start>
  readonly #lines: Lines<ControlReloadLine>

  constructor(control: string, ...args: string[]) {
    this.#child = start(control, '/reload', '-N', '-X', 'POST', ...args)
    this.#lines = new Lines(this.#child.stdout)
  }

  /** All that has come so far. */
  get lines(): ControlReloadLine[] {
    return this.#lines.all
  }

  /** The steps that it has been told, each once for each worker. */
  get steps(): string[] {
    const steps = this.lines.flatMap((line) => {
      if (line.event !== 'progress') return []
      return line.worker === undefined ? [line.step] : [`${line.worker} of ${line.workers}: ${line.step}`]
    })
    return steps.filter((step, index) => step !== steps[index - 1])
  }

  /** The first line of this kind, past or future. */
  line(what: string, test: (line: ControlReloadLine) => boolean): Promise<ControlReloadLine> {
    return this.#lines.find(what, test)
  }

  /** The last line, when the answer is complete. */
  async outcome(): Promise<ControlReloadLine | undefined> {
    await within(this.#lines.ended, 'end of the answer')
    return this.lines.at(-1)
  }

  /** Goes away. */
  async abandon(): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

function start(control: string, path: string, ...args: string[]) {
  return spawn('curl', ['-s', '--unix-socket', control, ...args, `http://server${path}`], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
}
