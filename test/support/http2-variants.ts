import type { Target } from './connection.js'
import type { FixtureConfig } from './release.js'
import type { TestServer } from './server.js'
import { certificate, overTls } from './tls.js'

/** One way in which a server speaks HTTP/2. */
export interface Variant {
  name: string
  fastify: NonNullable<FixtureConfig['fastify']>
  target: (server: TestServer) => Target
}

/** Without TLS, by prior knowledge. */
export const cleartext: Variant = { name: 'cleartext', fastify: { http2: true }, target: (server) => server.target() }
/** Over TLS. */
export const secure: Variant = {
  name: 'TLS',
  fastify: { http2: true, https: certificate() },
  target: (server) => overTls(server.target())
}
/** Over TLS, and HTTP/1.1 for clients that know no better. */
export const both: Variant = {
  name: 'TLS with HTTP/1.1',
  fastify: { http2: true, https: { ...certificate(), allowHTTP1: true } },
  target: (server) => overTls(server.target())
}
