import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { ProgressStream } from '../../../lib/control/progress-stream.js'
import type { ReloadPosition } from '../../../lib/control/reports.js'

const FIRST = { step: 'waiting', reason: 'mine' } as const

/** Reloads, one after the other, and a client that waits for one of them. */
class Scene {
  readonly lines: string[] = []
  id: unknown
  position: ReloadPosition | undefined
  /** What an answer of a server that is asked waits for. */
  pause: Promise<unknown> | undefined
  #changed = () => {}

  /** Resolves when there has been a first look. */
  async follow(first: typeof FIRST | undefined): Promise<ProgressStream> {
    const source = {
      reloadId: () => this.id,
      inProgress: async () => {
        const { position } = this
        await this.pause
        return position
      },
      onChange: (callback: () => void) => {
        this.#changed = callback
        return () => {}
      }
    }
    const write = (text: string) => void this.lines.push(lineOf(text))
    const response = Object.assign(new EventEmitter(), { write, end: write, writableLength: 0 })
    const stream = new ProgressStream(source, first, this.former, response as unknown as ServerResponse)
    await new Promise(setImmediate)
    return stream
  }

  former: unknown

  async becomes(id: unknown, reason: string | undefined, step: ReloadPosition['step'] = 'booting'): Promise<void> {
    this.id = id
    this.position = reason === undefined ? undefined : { step, reason, elapsed: 1 }
    this.#changed()
    await new Promise(setImmediate)
  }
}

function lineOf(text: string): string {
  const { event, step, reason } = JSON.parse(text)
  return event === 'progress' ? `${reason} ${step}` : event
}

t.test('a client hears of its own reload, and not of the next one', async (t) => {
  const scene = new Scene()
  scene.id = 1
  const stream = await scene.follow(FIRST)
  await scene.becomes(1, 'mine')
  await scene.becomes(1, 'mine', 'confirming')
  await scene.becomes(undefined, undefined)
  await scene.becomes(2, 'next', 'preparing')
  await scene.becomes(2, 'next', 'booting')
  await stream.end(Promise.resolve({}))
  t.strictSame(scene.lines, ['mine waiting', 'mine booting', 'mine confirming', 'done'])
})

t.test('one that follows another hears that it waits, and then of its own', async (t) => {
  const scene = new Scene()
  Object.assign(scene, { id: 1, former: 1 })
  const stream = await scene.follow(FIRST)
  await scene.becomes(1, 'former', 'confirming')
  await scene.becomes(undefined, undefined)
  await scene.becomes(2, 'mine')
  await scene.becomes(3, 'next', 'preparing')
  await stream.end(Promise.reject(new Error('no')))
  t.strictSame(scene.lines, ['mine waiting', 'mine booting', 'failed'])
})

t.test('no reload is missed while a server is asked, and no late answer counts for the next one', async (t) => {
  const scene = new Scene()
  Object.assign(scene, { id: 1, former: 1 })
  const stream = await scene.follow(FIRST)
  let answer = () => {}
  scene.pause = new Promise<void>((resolve) => {
    answer = resolve
  })
  await scene.becomes(2, 'mine')
  await scene.becomes(3, 'next')
  answer()
  await new Promise(setImmediate)
  await scene.becomes(3, 'next', 'probation')
  await stream.end(Promise.resolve({}))
  t.strictSame(scene.lines, ['mine waiting', 'done'])
})

t.test('what has no numbers is told as it is', async (t) => {
  const scene = new Scene()
  const stream = await scene.follow(FIRST)
  await scene.becomes(undefined, 'check')
  await stream.end(Promise.resolve({}))
  t.strictSame(scene.lines, ['mine waiting', 'check booting', 'done'])
})

t.test('a client that waits for nothing is not told that it waits', async (t) => {
  const scene = new Scene()
  const stream = await scene.follow(undefined)
  t.strictSame(scene.lines, [])
  await scene.becomes(undefined, 'scale')
  await stream.end(Promise.resolve({}))
  t.strictSame(scene.lines, ['scale booting', 'done'])
})

t.test('a step that begins while a server is asked is told when that one has answered', async (t) => {
  const scene = new Scene()
  const stream = await scene.follow(FIRST)
  let answer = () => {}
  scene.pause = new Promise<void>((resolve) => {
    answer = resolve
  })
  await scene.becomes(undefined, 'mine')
  await scene.becomes(undefined, 'mine', 'probation')
  answer()
  await new Promise(setImmediate)
  t.strictSame(scene.lines, ['mine waiting', 'mine booting', 'mine probation'])
  await stream.end(Promise.resolve({}))
})
