import type { Test } from 'tap'
import type { Counter } from './counters.js'
import type { Picture, Stretch } from './picture.js'

// What somebody sees of a deploy in the live view.

/** How long the app takes to boot at least, and how long the probation lasts. Milliseconds. */
const [BOOT, PROBATION] = [800, 3000]

/** Both servers answer, quickly and slowly, and all clients are connected. */
export function hasBegun(picture: Picture): boolean {
  const { quick, slow } = picture.dots(1)
  return quick > 0 && slow > 0 && picture.lanes.every((lane) => lane.at(-1)?.kind === 'generation-1')
}

/** The second generation answers on all connections. */
export function isDeployed(picture: Picture): boolean {
  return picture.dots(2).quick > 0 && picture.lanes.every((lane) => lane.at(-1)?.kind === 'generation-2')
}

/** The second generation has passed its probation. */
export function hasProven({ processes }: Picture): boolean {
  return processes.some((row) => row.at(-1)?.kind === '2 full')
}

/** The line of each client goes on in another colour, nothing is red, and all phases of both processes are there. */
export function checkReload(t: Test, picture: Picture): void {
  const { quick, slow } = picture.dots(1)
  t.ok(quick > 0 && slow > 0 && picture.dots(2).quick > 0, 'dots of both generations, quick and slow ones')
  t.equal(picture.failures, 0, 'no request has failed')
  t.equal(picture.lanes.length, 12)
  for (const lane of picture.lanes) {
    // Where the colours meet, a pixel can have something of both.
    const whole = lane.filter(({ kind, from, to }) => kind !== 'other' || to - from > 1)
    t.strictSame(
      whole.map(({ kind }) => kind),
      ['generation-1', 'generation-2']
    )
  }
  const [parent = [], child = [], ...others] = picture.processes.filter((row) => row.length > 0)
  const [booting, onProbation, serving] = child
  t.strictSame(others, [])
  t.match(kinds(parent), /1 full,1 faint$/)
  t.equal(kinds(child), '2 faint,2 probation,2 full')
  t.ok(widthOf(onProbation) >= picture.widthOf(PROBATION) - 3, 'as long as the axis of time says')
  t.ok(widthOf(booting) >= picture.widthOf(BOOT) - 3)
  t.equal(serving?.to, picture.lanes[0]?.at(-1)?.to, 'until now')
  const handedOver = parent.at(-1)?.from ?? 0
  t.ok(Math.abs((onProbation?.from ?? 0) - handedOver) <= 2, 'one takes over where the other hands over')
  t.ok(picture.hasTimes)
}

/** The line of each client ends with a red cross, and another one begins when the next process has booted. */
export function checkRestart(t: Test, picture: Picture): void {
  const { quick, slow } = picture.dots(1)
  t.ok(quick > 0 && slow > 0 && picture.dots(2).quick > 0, 'dots of both generations, quick and slow ones')
  t.ok(picture.failures > 0, 'requests have failed')
  t.equal(picture.lanes.length, 12)
  for (const lane of picture.lanes) {
    const old = lane.findLast(({ kind }) => kind === 'generation-1')
    const next = lane.find(({ kind }) => kind === 'generation-2')
    const between = lane.filter(({ from }) => from >= (old?.to ?? 0) && from < (next?.from ?? 0))
    t.match(kinds(between), /^(other,)?failed,/, 'a cross ends it')
    const none = between.filter(({ kind }) => kind === 'nothing').reduce((sum, stretch) => sum + widthOf(stretch), 0)
    t.ok(none > picture.widthOf(BOOT) / 2, `${none}`)
  }
  const [old = [], next = []] = picture.processes.filter((row) => row.length > 0)
  const [served, serves] = [old.findLast(({ kind }) => kind === '1 full'), next.find(({ kind }) => kind === '2 full')]
  t.ok((serves?.from ?? 0) - (served?.to ?? 0) >= picture.widthOf(BOOT) - 3, 'nobody serves in between')
  t.ok(picture.hasTimes)
}

/** Each WebSocket has counted on, in one piece, from generation to generation. */
export function checkCounters(t: Test, seen: Counter[][]): void {
  t.equal(seen[0]?.length, 4)
  for (const index of [0, 1, 2, 3]) {
    const all = seen.map((counters) => counters[index] as Counter)
    const counts = all.map(({ count }) => count)
    t.strictSame(
      counts,
      counts.toSorted((a, b) => a - b),
      'never begins again'
    )
    t.ok(all.every(({ isOpen }) => isOpen))
    const pieces = all.at(-1)?.pieces ?? []
    t.match(pieces, [
      { generation: 1, lost: false, to: pieces[1]?.from },
      { generation: 2, lost: false }
    ])
    const [before, after] = [1, 2].map((generation) =>
      all.filter(({ pieces }) => pieces.at(-1)?.generation === generation)
    )
    t.ok((after?.at(-1)?.count ?? 0) > (before?.at(-1)?.count ?? Number.POSITIVE_INFINITY), `${counts}`)
  }
}

const kinds = (stretches: Stretch[]) => `${stretches.map(({ kind }) => kind)}`

const widthOf = ({ from, to }: Stretch = { kind: '', from: 0, to: 0 }) => to - from
