import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { ControlError, ControlReloadLine, ControlStatus, ControlStop } from '../../lib/control/messages.js'
import type { ProcessStatus } from '../../lib/control/reports.js'
import type { ReloadResult } from '../../lib/reload/reload-result.js'
import { within } from './limit.js'
import type { FixtureConfig } from './release.js'
import type { TestServer } from './server.js'
import { type ServerSettings, startServer } from './start.js'
import { tempFolder } from './temp-folder.js'

/** The request. */
export type ControlRequest = { command: 'status' } | { command: 'reload' | 'stop'; reason?: string }

/** The answer; for a reload, its last line. */
export type ControlAnswer =
  | { status: ControlStatus }
  | { reload: ReloadResult }
  | ControlStop
  | Omit<ControlError, 'version'>

/** A connection to a control socket, written by hand. */
export class ControlClient {
  /** All that comes until the other side ends. Rejects when the connection is reset. */
  readonly answer: Promise<string>
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    this.answer = within(text(socket), 'answer on the control socket')
    this.answer.catch(() => {}) // A test that does not want it need not wait for it.
  }

  static async open(path: string): Promise<ControlClient> {
    const socket = connect(path)
    await once(socket, 'connect')
    return new ControlClient(socket)
  }

  /** Sends bytes, and does not end its side. */
  write(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  /** Ends its side. */
  end(): void {
    this.#socket.end()
  }

  /** Disconnects, and drops what is on its way. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Sends a request and waits for its answer. */
  async ask(request: ControlRequest): Promise<ControlAnswer> {
    this.write(requestText(request))
    const { lines } = parseAnswer(await this.answer)
    const last = lines.at(-1) as unknown as ControlStatus | ControlStop | ControlError | ControlReloadLine
    if ('error' in last) return last
    if ('result' in last) return { reload: last.result }
    if ('stopping' in last) return last
    if (!('launcher' in last)) throw new Error(`no answer: ${JSON.stringify(last)}`)
    return { status: last }
  }
}

/** A request as HTTP. */
export function requestText({ command, ...body }: ControlRequest): string {
  if (command === 'status') return 'GET /status HTTP/1.1\r\nhost: server\r\n\r\n'
  const text = JSON.stringify(body)
  return `POST /${command} HTTP/1.1\r\nhost: server\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}

/** An answer of HTTP: its status, its head, and its body as lines of JSON. */
export function parseAnswer(text: string): { status: number; head: string; lines: Array<Record<string, unknown>> } {
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end)
  const body = text.slice(end + 4)
  const isChunked = /^transfer-encoding: chunked/im.test(head)
  const whole = isChunked ? Buffer.from(unchunk(Buffer.from(body).toString('latin1')), 'latin1').toString() : body
  const lines = whole.split('\n').filter(Boolean)
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, lines: lines.map((line) => JSON.parse(line)) }
}

/** The bytes of a chunked body, each as a character. */
function unchunk(body: string): string {
  const [, size = '0', rest = ''] = /^([0-9a-f]+)\r\n(.*)$/s.exec(body) ?? []
  const length = Number.parseInt(size, 16)
  return length === 0 ? '' : rest.slice(0, length) + unchunk(rest.slice(length + 2))
}

/**
 * Reloads, and connects to the parent while its child boots. An earlier client could have been refused meanwhile,
 * because it has sent nothing.
 */
export async function connectInReload(server: TestServer, control: string): Promise<ControlClient> {
  await server.release.configure({ boot: 'wait' })
  server.signal('SIGHUP')
  await server.event({ what: 'boot of the child', test: ({ fixture, mode }) => fixture === 'boot' && mode === 'wait' })
  const client = await ControlClient.open(control)
  // The answer shows that the earlier connection has been accepted.
  if ((await statusAt(control)).pid !== server.pid) throw new Error('the child answers already')
  await server.release.write('go', '')
  return client
}

/** Sends a request on its own connection. */
export async function askControl(path: string, request: ControlRequest): Promise<ControlAnswer> {
  return (await ControlClient.open(path)).ask(request)
}

/** The status of the process that answers now. */
export async function statusAt(path: string): Promise<ProcessStatus> {
  const answer = await askControl(path, { command: 'status' })
  if (!('status' in answer) || answer.status.launcher !== null)
    throw new Error(`no status of a process: ${JSON.stringify(answer)}`)
  return answer.status.workers[0] as ProcessStatus
}

/** Starts a fixture server with a control socket. */
export async function startWithControl(
  t: Test,
  { options, ...config }: FixtureConfig = {},
  settings: Omit<ServerSettings, 'config'> = {}
): Promise<{ server: TestServer; control: string }> {
  const control = join(await tempFolder(t), 'control.sock')
  const server = await startServer(t, { ...settings, config: { ...config, options: { control, ...options } } })
  return { server, control }
}
