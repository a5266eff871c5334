const LOCAL = ['127.0.0.1', 'localhost']
const SAFE = ['GET', 'HEAD']

/**
 * Only the page itself may press the buttons. Any page in the browser can send a POST to this port, but the browser
 * says from where: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
 * A foreign name can resolve to 127.0.0.1, so the name in `Host` must be a local one.
 */
export async function guard(request, reply) {
  const { host, origin } = request.headers
  const isLocal = LOCAL.some((name) => host === `${name}:${request.socket.localPort}`)
  const isOwn = SAFE.includes(request.method) || origin === `http://${host}`
  if (!isLocal || !isOwn) return reply.code(403).send({ error: 'Only the page of the live view may ask this.' })
}

/** The page loads nothing from other origins. No other page can embed it and trick somebody into a click on it. */
export const HEADERS = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store'
}
