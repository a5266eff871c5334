import t from 'tap'
import { causeOf, type Evidence } from './causes.js'
import type { Deed } from './injector.js'

const deed = (kind: Deed['kind'], at: number, ports: number[] = []): Deed => ({
  kind,
  pid: 1,
  at,
  ports: new Set(ports)
})

/** Evidence of these deeds, and of nothing else unless it is told. */
function evidenceOf(deeds: Deed[], { isGone = false, leaves = [], hangKills = [] }: Record<string, unknown> = {}) {
  const of = (...kinds: string[]) => deeds.filter(({ kind }) => kinds.includes(kind))
  return { injector: { of }, history: { leaves, hangKills }, isGone } as unknown as Evidence
}

const reset = { client: 'echo', message: 'reset: read ECONNRESET, after ""', port: 40_000, since: 9_990, at: 10_000 }
const refused = { ...reset, message: 'connect: connect ECONNREFUSED', port: undefined }

t.test('a failure without a fault has no cause', async (t) => {
  t.equal(causeOf(reset, evidenceOf([])), undefined)
  t.equal(causeOf(refused, evidenceOf([])), undefined)
})

t.test('a kill explains the failures on the connections that the process had, and no others', async (t) => {
  t.match(causeOf(reset, evidenceOf([deed('kill', 9_999, [40_000])])), /was killed/)
  t.equal(causeOf(reset, evidenceOf([deed('kill', 9_999, [40_001])])), undefined)
  t.equal(causeOf(refused, evidenceOf([deed('kill', 9_999, [40_000])])), undefined, 'the sockets of the others listen')
})

t.test('a parent that kills its child explains failures only if the child has served', async (t) => {
  const killed = (served: boolean) => evidenceOf([], { hangKills: [{ at: 9_999, served }] })
  t.match(causeOf(reset, killed(true)), /its parent/)
  t.equal(causeOf(reset, killed(false)), undefined)
})

t.test('a stop explains what comes after it, and so does the end of the round', async (t) => {
  t.match(causeOf(refused, evidenceOf([deed('stop', 9_000)])), /stop/)
  t.equal(causeOf(refused, evidenceOf([deed('stop', 11_000)])), undefined)
  t.match(causeOf(refused, evidenceOf([deed('kill', 9_000)], { isGone: true })), /nobody was left/)
})

t.test('a process that leaves without a successor may close what is idle, and nothing else', async (t) => {
  const left = (cause: string) => evidenceOf([], { leaves: [{ pid: 1, at: 9_500, cause }] })
  t.match(causeOf(reset, left('rolled back')), /idle/)
  t.equal(causeOf(reset, left('reloaded')), undefined)
  t.equal(causeOf({ ...reset, message: 'reset: read ECONNRESET, after "HTTP/1.1 2"' }, left('rolled back')), undefined)
})
