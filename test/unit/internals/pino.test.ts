import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import pino from 'pino'
import t from 'tap'
import { limitFlush } from '../../../lib/internals/pino.js'

/**
 * A logger that writes to this descriptor when it is flushed, as pino's own destination does at the end of a process.
 */
const loggerOf = (fd: number) => {
  const destination = pino.destination({ fd, sync: false, minLength: 8192 })
  const logger = pino(destination)
  limitFlush(logger)
  return { logger, destination }
}

t.test('a flush that cannot succeed ends', async (t) => {
  const fd = openSync('/dev/full', 'w')
  const { logger, destination } = loggerOf(fd)
  await once(destination, 'ready')
  logger.info('nobody will ever read this')
  destination.flushSync()
  t.pass('it does not try for ever')
  closeSync(fd)
})

t.test('a flush that can succeed does', async (t) => {
  const folder = t.testdir()
  const fd = openSync(`${folder}/log`, 'w+')
  const { logger, destination } = loggerOf(fd)
  await once(destination, 'ready')
  logger.info('hello')
  destination.flushSync()
  const { readFileSync } = await import('node:fs')
  t.match(readFileSync(`${folder}/log`, 'utf8'), /hello/)
  closeSync(fd)
})

t.test('a child logger has the same destination, which is limited once', async (t) => {
  const { logger, destination } = loggerOf(1)
  const { flushSync } = destination
  limitFlush(logger.child({ request: 1 }))
  t.equal(destination.flushSync, flushSync)
})

for (const [what, logger] of Object.entries({ 'no pino': {}, 'one without a stream': pino(process.stdout) })) {
  t.test(`${what} is left alone`, async (t) => {
    t.doesNotThrow(() => limitFlush(logger))
  })
}
