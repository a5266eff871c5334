import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { echo } from './clients.js'
import { HttpConnection, type Upload } from './connection.js'
import type { Exchange } from './exchange.js'
import type { TestServer } from './server.js'

/** Connections that are open while something happens to the server: it must not happen to them. */
export class OpenClients {
  readonly #server: TestServer
  readonly #idle: HttpConnection
  readonly #slow: HttpConnection
  readonly #uploading: HttpConnection
  readonly #held: Exchange
  readonly #upload: Upload
  readonly #name = randomUUID()

  private constructor(server: TestServer, connections: HttpConnection[]) {
    this.#server = server
    ;[this.#idle, this.#slow, this.#uploading] = connections as [HttpConnection, HttpConnection, HttpConnection]
    this.#held = this.#slow.send({ path: `/hold/${this.#name}` })
    this.#upload = this.#uploading.upload(`/upload/${this.#name}-upload`)
    this.#upload.write('before, ')
  }

  /**
   * Opens an idle connection, one with a slow request and one with half an upload, all in the hands of the process that
   * serves now.
   */
  static async open(server: TestServer): Promise<OpenClients> {
    const connections = await Promise.all(Array.from({ length: 3 }, () => HttpConnection.open(server.target())))
    const clients = new OpenClients(server, connections)
    await clients.#idle.request({ path: '/' })
    await Promise.all([server.held(clients.#name), server.held(`${clients.#name}-upload`)])
    return clients
  }

  /** Uses each of the connections, which must be answered by this process, and closes them. */
  async finish(t: Test, pid: number): Promise<void> {
    t.match(await this.#idle.request(echo('idle')), { status: 200, body: 'idle' }, 'an idle connection is served')
    t.match(JSON.parse((await this.#idle.request({ path: '/' })).body), { pid })
    t.equal(this.#idle.announced, false)
    await this.finishWork(t, pid)
  }

  /** Finishes the requests in progress, which this process must answer, and closes all connections. */
  async finishWork(t: Test, pid: number): Promise<void> {
    this.#upload.write('after')
    t.match(JSON.parse((await this.#upload.finish()).body), { pid, bytes: 13 }, 'an upload is finished')
    await this.#server.tell({ command: 'release', name: this.#name }, pid)
    t.match(JSON.parse((await this.#held.response).body), { pid }, 'a slow request is answered')
    for (const connection of [this.#slow, this.#uploading]) {
      t.equal(connection.isClosed, false)
      t.equal(connection.announced, false)
    }
    for (const connection of [this.#idle, this.#slow, this.#uploading]) connection.close()
  }
}
