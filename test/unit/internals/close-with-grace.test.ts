import closeWithGrace from 'close-with-grace'
import t from 'tap'
import { graceListeners, isGraceErrorListener } from '../../../lib/internals/close-with-grace.js'

t.test('its listeners are known by how they are written, and others are not', async (t) => {
  const before = new Set<unknown>(process.listeners('uncaughtException'))
  const grace = closeWithGrace({ logger: false, skip: ['beforeExit', 'unhandledRejection'] }, async () => {})
  t.teardown(() => grace.uninstall())
  t.equal(graceListeners('SIGTERM').length, 1)
  const added = process.listeners('uncaughtException').filter((listener) => !before.has(listener))
  t.strictSame(added.map(isGraceErrorListener), [true])
  for (const listener of [
    (err: Error) => err,
    function onError(err: Error): void {
      process.emitWarning(err)
    }
  ])
    t.notOk(isGraceErrorListener(listener as NodeJS.UncaughtExceptionListener))
})

t.test('so is the one that waits for a second error', async (t) => {
  const before = new Set<unknown>(process.listeners('uncaughtException'))
  const skip = ['beforeExit', 'unhandledRejection', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const
  // What it returns would end this process.
  closeWithGrace({ logger: false, delay: false, skip: [...skip] }, () => new Promise(() => {}))
  process.emit('SIGUSR2', 'SIGUSR2')
  const added = process.listeners('uncaughtException').filter((listener) => !before.has(listener))
  t.strictSame(added.map(isGraceErrorListener), [true])
  for (const listener of added) process.removeListener('uncaughtException', listener)
})
