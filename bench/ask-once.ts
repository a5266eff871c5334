import { HttpConnection } from '../test/support/connection.js'

/**
 * Sends a request on its own connection, because a kept one would belong to a process that may leave. Returns the JSON.
 *
 * @throws {Error} when there is no answer, or another one than 200
 */
export async function askOnce(port: number, path: string, method = 'GET'): Promise<unknown> {
  const connection = await HttpConnection.open({ host: '127.0.0.1', port })
  try {
    const { status, body } = await connection.request({ method, path, headers: { connection: 'close' } })
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${body}`)
    return JSON.parse(body)
  } finally {
    connection.close()
  }
}
