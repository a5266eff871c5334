import { setTimeout } from 'node:timers/promises'

/** How long a module may take to load, in milliseconds. */
const LOAD_LIMIT = 5000

/** A module cannot be used. The handler that was in use stays in use. */
export class BadHandler extends Error {
  statusCode = 422
}

/** The handler modules of a folder, of which one is in use. */
export class Handlers {
  #folder
  #loads = 0
  #last = Promise.resolve()
  /** The module in use. `load` is the number of the attempt to load it. It tells two states of one file apart. */
  current = { name: 'none', load: 0, handle: missing }

  /** @param {URL} folder - with a slash at its end */
  constructor(folder) {
    this.#folder = folder
  }

  /**
   * Loads a module again, and replaces the one in use. Calls run one after the other.
   *
   * @param {string} name - of the file, without its extension
   * @throws {BadHandler}
   */
  async use(name) {
    const used = this.#last.then(() => this.#use(name))
    this.#last = used.catch(() => {})
    await used
  }

  async #use(name) {
    const load = ++this.#loads
    const url = new URL(`${name}.mjs`, this.#folder)
    // Node keeps each loaded module by its URL. With a new URL it loads the file again. It never unloads the old one.
    url.searchParams.set('load', String(load))
    this.current = { name, load, handle: await loadHandler(url, name) }
  }
}

async function loadHandler(url, name) {
  const module = await Promise.race([import(url.href), tooLate()]).catch((cause) => {
    throw new BadHandler(`the handler ${name} does not load: ${cause}`, { cause })
  })
  if (typeof module.default !== 'function')
    throw new BadHandler(`the handler ${name} has no function as its default export`)
  return module.default
}

async function tooLate() {
  await setTimeout(LOAD_LIMIT, undefined, { ref: false })
  throw new Error(`it took longer than ${LOAD_LIMIT} ms`)
}

/**
 * @param {import('fastify').FastifyRequest} _request
 * @param {import('fastify').FastifyReply} _reply
 */
async function missing(_request, _reply) {
  throw new Error('no handler has been loaded')
}
