/** Between two messages. Milliseconds. */
const PAUSE = 200

/** How much may wait for a page that does not read. Bytes. */
const WAITING = 4_000_000

/** Sends a page what happens, as server-sent events. The first message has everything that the page shows. */
export function stream(view, reply) {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { ...reply.getHeaders(), 'content-type': 'text/event-stream' })
  let seen = [0, 0]
  const send = (event) => {
    const message = view.since(seen)
    seen = view.end
    raw.write(`event: ${event}\ndata: ${JSON.stringify(message)}\n\n`)
    if (raw.writableLength > WAITING) raw.destroy() // The page connects again and starts over.
  }
  raw.write('retry: 1000\n\n')
  send('beginning')
  const timer = setInterval(send, PAUSE, 'more')
  raw.on('close', () => clearInterval(timer))
}
