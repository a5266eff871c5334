import { request } from 'node:http'

/** A client that asks for a reload over HTTP, and waits for the answer however long it takes. */
export class Ask {
  readonly begun = performance.now()
  /** Of its connection. */
  port: number | undefined
  ended: number | undefined
  /** The status of the answer. */
  status: number | undefined
  /** The answer, or why there was none. */
  text = 'no answer yet'
  readonly over: Promise<void>

  constructor(port: number) {
    this.over = new Promise((resolve) => {
      const end = (text: string, status?: number) => {
        this.ended ??= performance.now()
        this.text = text
        this.status = status
        resolve()
      }
      const asked = request({ host: '127.0.0.1', port, path: '/admin/reload', method: 'POST', agent: false })
      asked.on('socket', (socket) => {
        socket.once('connect', () => {
          this.port = socket.localPort
        })
      })
      asked.on('error', (error) => end(error.message))
      asked.on('response', (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text) => {
          body += text
        })
        response.on('error', (error) => end(error.message))
        response.on('end', () => end(body, response.statusCode))
      })
      asked.end()
    })
  }
}
