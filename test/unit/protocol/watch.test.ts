import t from 'tap'
import {
  beginWatch,
  stepWatch,
  type WatchEffect,
  type WatchInput,
  type WatchTimer
} from '../../../lib/protocol/watch.js'

/** Virtual milliseconds. */
const LIMITS: Readonly<Record<WatchTimer, number>> = { settle: 50, patience: 400, limit: 2000 }

/** The machine on virtual time, with files that are changed (`new`), missing or empty (`half`), or as they were. */
class Model {
  state = beginWatch()
  now = 0
  readonly files = new Map<string, 'new' | 'half'>()
  /** What was reloaded, and when. */
  readonly reloads: string[] = []
  readonly #timers = new Map<WatchTimer, number>()

  /** A file is changed, and the system reports it so many times. */
  save(path: string, how: 'new' | 'half' | 'same' = 'new', times = 1): this {
    if (how === 'same') this.files.delete(path)
    else this.files.set(path, how)
    for (let left = times; left > 0; left--) this.give({ type: 'touched', path })
    return this
  }

  give(input: WatchInput): void {
    const [state, effects] = stepWatch(this.state, input)
    this.state = state
    for (const effect of effects) this.#do(effect)
  }

  pass(duration: number): this {
    const end = this.now + duration
    for (;;) {
      const [timer, at] = [...this.#timers].sort((a, b) => a[1] - b[1])[0] ?? []
      if (timer === undefined || at === undefined || at > end) break
      this.now = at
      this.#timers.delete(timer)
      this.give({ type: 'due', timer })
    }
    this.now = end
    return this
  }

  get waits(): WatchTimer[] {
    return [...this.#timers.keys()].sort()
  }

  #do(effect: WatchEffect): void {
    if (effect.do === 'wait') this.#timers.set(effect.timer, this.now + LIMITS[effect.timer])
    else if (effect.do === 'cancel') this.#timers.delete(effect.timer)
    else if (effect.do === 'reload') this.reloads.push(`${this.now}: ${effect.paths.join(' ')}`)
    else if (effect.do === 'compare') this.#compare(effect.paths, effect.isFinal)
  }

  #compare(paths: readonly string[], isFinal: boolean): void {
    if (new Set(paths).size < paths.length) throw new Error(`compared twice: ${paths}`)
    const found = (how: string) => paths.filter((path) => this.files.get(path) === how)
    const partial = isFinal ? [] : found('half')
    const changed = isFinal ? [...found('new'), ...found('half')] : found('new')
    for (const path of changed) this.files.delete(path)
    this.give({ type: 'compared', changed, partial })
  }
}

t.test('a save of several steps is one reload, when nothing has followed for a moment', async (t) => {
  const watch = new Model().save('a', 'new', 3).pass(30).save('a').pass(49)
  t.strictSame(watch.reloads, [])
  t.strictSame(watch.pass(1).reloads, ['80: a'])
  t.strictSame(watch.waits, [], 'nothing is left to wait for')
})

t.test('several files are one reload', async (t) => {
  t.strictSame(new Model().save('a').pass(20).save('b').pass(20).save('c').pass(1000).reloads, ['90: a b c'])
})

t.test('files that are as they were are none', async (t) => {
  const watch = new Model().save('a', 'same').pass(1000)
  t.strictSame([watch.reloads, watch.waits], [[], []])
  t.strictSame(watch.save('a').pass(1000).reloads, ['1050: a'])
})

t.test('what changes all the time is reloaded all the same', async (t) => {
  const watch = new Model()
  for (let turn = 0; turn < 100; turn++) watch.save('a').pass(40)
  t.strictSame(watch.reloads, ['2000: a'])
})

t.test('what is missing or empty has more time, and is reloaded as soon as it is whole', async (t) => {
  const watch = new Model().save('a', 'half').pass(100)
  t.strictSame([watch.reloads, watch.waits], [[], ['patience']])
  t.strictSame(watch.save('a').pass(1000).reloads, ['150: a'])
  t.strictSame(watch.waits, [])
})

t.test('what has changed beside it waits with it', async (t) => {
  const watch = new Model().save('a').save('b', 'half').pass(100)
  t.strictSame(watch.reloads, [])
  t.strictSame(watch.save('b', 'same').pass(1000).reloads, ['150: a'], 'which is as it was then')
})

t.test('what stays missing is reloaded in the end', async (t) => {
  const watch = new Model().save('a', 'half').pass(449)
  t.strictSame(watch.reloads, [])
  t.strictSame(watch.pass(1).reloads, ['450: a'])
  t.strictSame(watch.waits, [])
  watch.give({ type: 'reloaded' })
  t.strictSame(watch.save('b', 'half').pass(449).reloads, ['450: a'], 'the next one has as much time')
  t.strictSame(watch.pass(1).reloads, ['450: a', '900: b'])
})

t.test('a save that is still in progress after the wait gets more time to settle', async (t) => {
  const watch = new Model().save('a', 'half').pass(440).save('a', 'half').pass(49)
  t.strictSame(watch.reloads, [])
  t.strictSame(watch.pass(1).reloads, ['490: a'])
})

t.test('what changes in a reload is reloaded once, after it', async (t) => {
  const watch = new Model().save('a').pass(60).save('b').pass(100).save('c').pass(100).save('b').pass(100)
  t.strictSame(watch.reloads, ['50: a'])
  watch.give({ type: 'reloaded' })
  t.strictSame(watch.reloads, ['50: a', '360: b c'])
  watch.give({ type: 'reloaded' })
  watch.give({ type: 'reloaded' })
  t.strictSame(watch.reloads.length, 2)
})

t.test('a reload that ends in the middle of a save leaves that to settle', async (t) => {
  const watch = new Model().save('a').pass(60).save('b').pass(60).save('c')
  watch.give({ type: 'reloaded' })
  t.strictSame(watch.reloads, ['50: a'])
  t.strictSame(watch.pass(1000).reloads, ['50: a', '170: b c'])
})
