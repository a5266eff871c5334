import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { ControlAnswer, ProcessStatus } from '../../lib/control/messages.js'
import { within } from './limit.js'
import type { FixtureConfig } from './release.js'
import type { TestServer } from './server.js'
import { type ServerSettings, startServer } from './start.js'
import { tempFolder } from './temp-folder.js'

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

  /** Goes away, with whatever is on its way. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Sends a request and waits for its answer. */
  async ask(request: object): Promise<ControlAnswer> {
    this.write(`${JSON.stringify({ fastifyGracefulControl: 1, ...request })}\n`)
    return JSON.parse(await this.answer)
  }
}

/**
 * Reloads, and connects to the parent while its child boots: whoever had come earlier could have been refused meanwhile, for having
 * said nothing.
 */
export async function connectInReload(server: TestServer, control: string): Promise<ControlClient> {
  await server.release.configure({ boot: 'wait' })
  server.signal('SIGHUP')
  await server.event({ what: 'boot of the child', test: ({ fixture, mode }) => fixture === 'boot' && mode === 'wait' })
  const client = await ControlClient.open(control)
  // Who came before has been accepted.
  if ((await statusAt(control)).pid !== server.pid) throw new Error('the child answers already')
  await server.release.write('go', '')
  return client
}

/** Asks on a connection of its own. */
export async function askControl(path: string, request: object): Promise<ControlAnswer> {
  return (await ControlClient.open(path)).ask(request)
}

/** The status of the process that answers now. */
export async function statusAt(path: string): Promise<ProcessStatus> {
  const answer = await askControl(path, { command: 'status' })
  if (!('status' in answer) || 'launcher' in answer.status)
    throw new Error(`no status of a process: ${JSON.stringify(answer)}`)
  return answer.status
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
