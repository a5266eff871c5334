import { ReleaseFolder } from '../demo/release-folder.mjs'

/** A folder with a copy of the app of the live view. */
export function createFolder() {
  const source = new URL('server.mjs', import.meta.url)
  return new ReleaseFolder({ source, packages: ['fastify', '@fastify/websocket', 'close-with-grace'] })
}

/** What is wrong with a broken release. */
export const FAULT = 'does not parse'
