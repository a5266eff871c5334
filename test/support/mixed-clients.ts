import { type Client, checkEcho, checkHome } from './clients.js'
import { HttpConnection, type Target } from './connection.js'
import { ClientFailure } from './exchange.js'
import { WebSocketClient } from './websocket.js'

/** A client that keeps one connection, on which each turn takes its time. */
abstract class PatientClient implements Client {
  abstract readonly name: string
  connectionsClosed = 0
  readonly connection: HttpConnection

  constructor(connection: HttpConnection) {
    this.connection = connection
    connection.closed.then((ending) => {
      if (ending !== 'by the client') this.connectionsClosed += 1
    })
  }

  async ask(): Promise<number[]> {
    const generation = await this.turn()
    if (this.connection.announced) throw new ClientFailure('premature close', 'the connection was told to close')
    return [generation]
  }

  close(): void {
    this.connection.close()
  }

  protected abstract turn(): Promise<number>
}

/** How long an upload, or a slow answer, takes. Milliseconds. */
const DURATION = 250
const CHUNKS = 5

/** Sends a body in several chunks. */
export class UploadingClient extends PatientClient {
  readonly name = 'uploading'

  static async open(target: Target): Promise<UploadingClient> {
    return new UploadingClient(await HttpConnection.open(target))
  }

  protected async turn(): Promise<number> {
    const upload = this.connection.upload('/upload', { 'content-type': 'application/x-chunks' })
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      upload.write(`chunk ${chunk}`)
      await pace(DURATION / CHUNKS)
    }
    const response = await upload.finish()
    const generation = checkHome(response)
    const { bytes } = JSON.parse(response.body) as { bytes: number }
    if (bytes !== CHUNKS * 'chunk 0'.length) throw new ClientFailure('body', response.body)
    return generation
  }
}

/** Waits for an answer that has begun. */
export class WaitingClient extends PatientClient {
  readonly name = 'slow answers'

  static async open(target: Target): Promise<WaitingClient> {
    return new WaitingClient(await HttpConnection.open(target))
  }

  protected async turn(): Promise<number> {
    const response = await this.connection.request({ path: `/slow/${DURATION}` })
    const generation = response.headers['x-generation']
    return checkEcho(response, { path: '', body: `begun by ${generation}` })
  }
}

/** Sends numbers on one WebSocket, as fast as it is told, and expects each one back, once and in order. */
export class EchoingWebSocket implements Client {
  readonly name = 'websocket'
  connectionsClosed = 0
  readonly #client: WebSocketClient
  #sent = 0
  #isOver = false

  private constructor(client: WebSocketClient) {
    this.#client = client
    client.closed.then(() => {
      if (!this.#isOver) this.connectionsClosed += 1
    })
  }

  static async open(target: Target): Promise<EchoingWebSocket> {
    return new EchoingWebSocket(await WebSocketClient.open(target, '/ws'))
  }

  async ask(): Promise<number[]> {
    const number = this.#sent++
    this.#client.socket.send(String(number))
    const answer = await this.#client.message(number)
    const [generation, echoed] = answer.split(' ').map(Number)
    if (echoed !== number) throw new ClientFailure('body', `${answer} in place of ${number}`)
    return [generation as number]
  }

  close(): void {
    this.#isOver = true
    this.#client.socket.terminate()
  }
}

/** The pace of a client, not a wait for the server. */
function pace(duration: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration))
}
