import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from './connection.js'
import { PACKAGE_ROOT } from './release.js'

/** Two self-signed certificates, each in one file with its key. */
export type Certificate = 'first' | 'second'

/** The part of `fastify.https` that names a certificate. */
export function certificate(name: Certificate = 'first'): { key: string; cert: string } {
  const pem = readFileSync(join(PACKAGE_ROOT, 'test/fixtures/certificates', `${name}.pem`), 'utf8')
  return { key: pem, cert: pem }
}

/** The same place for a client that speaks TLS and does not check who signed the certificate. */
export function overTls(target: Target): Target {
  return { ...target, tls: { rejectUnauthorized: false } }
}
