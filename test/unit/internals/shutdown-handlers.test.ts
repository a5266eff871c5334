import closeWithGrace from 'close-with-grace'
import t from 'tap'
import { isGraceErrorListener, kindOf, runWithoutSignal } from '../../../lib/internals/shutdown-handlers.js'

t.test('the listeners of close-with-grace are known by how they are written, and others are not', async (t) => {
  const before = new Set<unknown>(
    ['SIGTERM', 'uncaughtException'].flatMap((name) => process.listeners(name as 'SIGTERM'))
  )
  const grace = closeWithGrace({ logger: false, skip: ['beforeExit', 'unhandledRejection'] }, async () => {})
  t.teardown(() => grace.uninstall())
  const added = (name: string) => process.listeners(name as 'SIGTERM').filter((listener) => !before.has(listener))
  t.strictSame(added('SIGTERM').map(kindOf), ['exits'])
  t.strictSame(added('uncaughtException').map(isGraceErrorListener), [true])
  for (const listener of [
    (err: Error) => err,
    function onError(err: Error): void {
      process.emitWarning(err)
    }
  ]) {
    t.notOk(isGraceErrorListener(listener))
    t.equal(kindOf(listener), 'unknown')
  }
})

t.test('the handler that waits for a second error is found too', async (t) => {
  const before = new Set<unknown>(process.listeners('uncaughtException'))
  const skip = ['beforeExit', 'unhandledRejection', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const
  // What it returns would end this process.
  closeWithGrace({ logger: false, delay: false, skip: [...skip] }, () => new Promise(() => {}))
  process.emit('SIGUSR2', 'SIGUSR2')
  const added = process.listeners('uncaughtException').filter((listener) => !before.has(listener))
  t.strictSame(added.map(isGraceErrorListener), [true])
  for (const listener of added) process.removeListener('uncaughtException', listener)
})

t.test(
  'a listener that sends this process a signal at its end does not, and other processes can be sent one',
  async (t) => {
    const { kill } = process
    let heard = 0
    const listener = () => heard++
    process.on('SIGWINCH', listener)
    t.teardown(() => process.removeListener('SIGWINCH', listener))
    const told: unknown[] = []
    const run = runWithoutSignal(
      [
        async (signal) => {
          told.push(signal)
          await null
          process.kill(process.pid, 'SIGWINCH')
          t.throws(() => process.kill(2 ** 22 + 1, 'SIGWINCH'), { code: 'ESRCH' })
        }
      ],
      'SIGTERM'
    )
    await run
    t.strictSame(told, ['SIGTERM'])
    t.equal(process.kill, kill)
    process.kill(process.pid, 'SIGWINCH')
    while (heard === 0) await new Promise(setImmediate)
    t.equal(heard, 1)
  }
)
