import { once } from 'node:events'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Target } from './connection.js'
import { within } from './limit.js'

/** What came of a TLS handshake. */
export interface Handshake {
  resumed: boolean
  generation: number
  /** Of the process that answered. */
  pid: number
  /** Of the server's certificate. */
  name: string | undefined
  session: Buffer
}

/** Connects, asks once, and returns what there is to resume. */
export async function shakeHands(
  target: Target,
  protocol: 'TLSv1.2' | 'TLSv1.3',
  session?: Buffer
): Promise<Handshake> {
  const options: ConnectionOptions = { rejectUnauthorized: false, minVersion: protocol, maxVersion: protocol }
  const socket = connectTls({ ...target, ...options, ...(session && { session }) })
  const ticket = once(socket, 'session')
  try {
    await within(once(socket, 'secureConnect'), 'handshake')
    const resumed = socket.isSessionReused()
    const { generation, pid } = JSON.parse(await get(socket))
    const name = socket.getPeerCertificate().subject?.CN
    // A server that resumes a session need not send a new ticket.
    const [newest] = resumed ? [session] : await within(ticket, 'session ticket')
    return { resumed, generation, pid, name: typeof name === 'string' ? name : undefined, session: newest as Buffer }
  } finally {
    ticket.catch(() => {})
    socket.destroy()
  }
}

async function get(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: fixture\r\nconnection: close\r\n\r\n')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  await within(once(socket, 'end'), 'answer')
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}
