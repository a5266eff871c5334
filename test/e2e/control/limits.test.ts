import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { ask } from '../../../lib/control/client.js'
import type { ControlHandlers } from '../../../lib/control/http.js'
import { ControlSocket } from '../../../lib/control/socket.js'
import type { ReloadResult } from '../../../lib/reload/reload-result.js'
import { deferred } from '../../../lib/util/deferred.js'
import { askControl, ControlClient, parseAnswer } from '../../support/control-requests.js'
import { within } from '../../support/limit.js'
import { tempFolder } from '../../support/temp-folder.js'

const RESULT: ReloadResult = {
  ...{ generation: 2, pid: 20, previous: { generation: 1, pid: 10 }, migrated: 0, reason: 'x' },
  timings: { boot: 1, handoff: 1, probation: 1, total: 3 }
}

/** A reload that goes as the test says. */
class Reload {
  readonly outcome = deferred<ReloadResult>()
  readonly begun = deferred<void>()
  child = 0
  #changed = () => {}

  get handlers(): ControlHandlers {
    return {
      status: () => ({
        launcher: null,
        workers: [],
        draining: [],
        queued: null,
        history: { succeeded: 0, failed: 0, rolledBack: 0, restarts: 0, codes: {}, last: null }
      }),
      workers: () => [],
      metrics: () => {
        throw new Error('nobody asks')
      },
      stop: () => 0,
      check: () => Promise.reject(new Error('no check is asked for')),
      checkInProgress: () => undefined,
      scale: () => {
        throw new Error('nobody scales')
      },
      reloadId: () => undefined,
      reload: () => this.outcome.promise,
      inProgress: () => ({ step: 'booting', reason: 'x', elapsed: 1, child: this.child }),
      onChange: (callback) => {
        this.#changed = callback
        this.begun.resolve()
        return () => {
          this.#changed = () => {}
        }
      }
    }
  }

  /** Something new, so many times. */
  async go(times: number): Promise<void> {
    for (let count = 0; count < times; count++) {
      this.child += 1
      this.#changed()
      await Promise.resolve()
      await Promise.resolve()
    }
  }
}

async function open(t: Test, { handlers }: Reload): Promise<{ control: ControlSocket; path: string }> {
  const path = join(await tempFolder(t), 'control.sock')
  const control = new ControlSocket(handlers)
  await control.openAlone({ path, mode: 0o600, group: undefined })
  t.teardown(() => control.close())
  return { control, path }
}

const POST = 'POST /reload HTTP/1.1\r\n\r\n'

t.test('a client that does not read misses lines, but not the last one', async (t) => {
  const reload = new Reload()
  const { path } = await open(t, reload)
  const slow = connect(path)
  slow.pause()
  slow.write(POST)
  await reload.begun.promise
  // Some 16 MB, if it were all kept.
  await reload.go(100_000)
  reload.outcome.resolve(RESULT)
  const { lines } = parseAnswer(await text(slow))
  t.match(lines.at(-1), { event: 'done', result: { generation: 2 } })
  t.ok(lines.length > 50 && lines.length < 20_000, `${lines.length} lines`)
})

t.test('a client that never reads is let go of', async (t) => {
  const reload = new Reload()
  const { control, path } = await open(t, reload)
  const deaf = connect(path)
  deaf.pause()
  deaf.write(POST)
  await reload.begun.promise
  await reload.go(100_000)
  const connections = () => new Promise((resolve) => control.server.getConnections((_error, count) => resolve(count)))
  t.equal(await connections(), 1)
  reload.outcome.resolve(RESULT)
  const gone = async () => {
    while ((await connections()) !== 0) await new Promise(setImmediate)
  }
  await within(gone(), 'end of the connection')
  deaf.destroy()
})

t.test('so many wait for a reload, and there is still room for questions', async (t) => {
  const reload = new Reload()
  const { path } = await open(t, reload)
  const asked = Array.from({ length: 40 }, () => askControl(path, { command: 'reload' }))
  const refused = await Promise.race(asked)
  t.match(refused, {
    error: {
      code: 'GRACEFUL_ERR_BUSY',
      message: /32 clients wait for a reload, a check or another number of workers already/
    }
  })
  t.match(await askControl(path, { command: 'status' }), { status: { workers: [] } })
  reload.outcome.resolve(RESULT)
  const outcomes = await Promise.all(asked)
  t.equal(outcomes.filter((outcome) => 'reload' in outcome).length, 32)
  t.match(await askControl(path, { command: 'reload' }), { reload: { generation: 2 } }, 'and later there is room again')
})

t.test('a client that has gone is told no more', async (t) => {
  const reload = new Reload()
  const { path } = await open(t, reload)
  const client = await ControlClient.open(path)
  client.write(POST)
  await reload.begun.promise
  client.destroy()
  await askControl(path, { command: 'status' })
  await reload.go(10)
  reload.outcome.resolve(RESULT)
  t.match(await askControl(path, { command: 'status' }), { status: { workers: [] } })
})

t.test('the command waits as long as lines come, and gives up when none comes', async (t) => {
  const reload = new Reload()
  const { path } = await open(t, reload)
  const question = { method: 'POST', path: '/reload' } as const
  const lines: object[] = []
  const asked = ask(path, question, { silence: 1000 }, (line) => {
    lines.push(line)
    // Long after the first line would have been too old.
    if (lines.length < 8) setTimeout(() => reload.go(1), 400)
    else reload.outcome.resolve(RESULT)
  })
  t.match(await asked, { event: 'done' })
  const silent = ask(path, question, { silence: 300 })
  t.match(await silent, { event: 'done' }, 'at once')
  const hung = new Reload()
  const { path: other } = await open(t, hung)
  await t.rejects(ask(other, question, { silence: 300 }), { code: 'GRACEFUL_ERR_NO_ANSWER', message: /within 300 ms/ })
})
