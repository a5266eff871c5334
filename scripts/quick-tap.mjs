// As much of tap as the tests of the machines use, without its reports: the first thing that is wrong throws.
import { deepEqual, equal, ok } from 'node:assert/strict'

/** What such a test calls, and a promise of how all of it ends. */
export function quickTap() {
  const ends = []
  const t = {
    test: (_name, run) => ends.push(new Promise((resolve) => resolve(run(t)))),
    equal,
    strictSame: deepEqual,
    match: (found, pattern) => ok(matches(found, pattern)),
    notMatch: (found, pattern) => ok(!matches(found, pattern)),
    ok: (value) => ok(value),
    notOk: (value) => ok(!value),
    fail: (message) => ok(false, message),
    pass: () => {},
    comment: () => {}
  }
  return { tap: { ...t, default: t }, end: () => Promise.all(ends) }
}

/** The pattern must match. All else is ignored. */
function matches(found, pattern) {
  if (pattern instanceof RegExp) return pattern.test(String(found))
  if (typeof pattern !== 'object' || pattern === null) return found === pattern
  if (typeof found !== 'object' || found === null) return false
  return Object.entries(pattern).every(([key, value]) => matches(found[key], value))
}
