// The parts of the same files that several processes have run, as V8 reports them:
// https://v8.dev/blog/javascript-code-coverage

/**
 * Adds up the reports of V8 about several processes. A byte counts as run if one of them has run it. How often does not
 * matter, and neither does the order or the number of the processes.
 */
export class Covered {
  /** By URL: which bytes were run, and which functions there are. */
  #scripts = new Map()

  /**
   * @param result - of one process:
   * https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-ScriptCoverage
   */
  add(result) {
    for (const { url, functions } of result) this.#addScript(this.#scriptOf(url), functions)
  }

  /** The sum, in the form in which it came. */
  get result() {
    return [...this.#scripts].map(([url, script]) => ({ scriptId: url, url, functions: functionsOf(script) }))
  }

  #scriptOf(url) {
    const known = this.#scripts.get(url) ?? { ran: new Uint8Array(0), functions: new Map() }
    this.#scripts.set(url, known)
    return known
  }

  #addScript(script, functions) {
    const ranges = functions.flatMap(({ ranges }) => ranges)
    const size = Math.max(...ranges.map(({ endOffset }) => endOffset))
    const ran = new Uint8Array(size)
    // Those that hold others come before these, so that the innermost range decides.
    ranges.sort((one, other) => one.startOffset - other.startOffset || other.endOffset - one.endOffset)
    for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
    const all = ran.length > script.ran.length ? ran : script.ran
    const other = all === ran ? script.ran : ran
    for (let index = 0; index < other.length; index++) all[index] |= other[index]
    script.ran = all
    for (const { functionName, ranges } of functions) addFunction(script.functions, functionName, ranges[0])
  }
}

function addFunction(functions, functionName, { startOffset, endOffset, count }) {
  const key = `${startOffset}-${endOffset}`
  const wasRun = functions.get(key)?.count === 1
  functions.set(key, { functionName, startOffset, endOffset, count: wasRun || count > 0 ? 1 : 0 })
}

/** Each function with what was not run of it, beside what belongs to functions within it. */
function functionsOf({ ran, functions }) {
  const all = [...functions.values()].sort(
    (one, other) => one.startOffset - other.startOffset || other.endOffset - one.endOffset
  )
  const found = all.map(({ functionName, ...range }) => ({ functionName, isBlockCoverage: true, ranges: [range] }))
  for (const [startOffset, endOffset] of gapsIn(ran)) {
    const holds = ({ ranges: [range] }) => range.startOffset <= startOffset && endOffset <= range.endOffset
    const innermost = found.findLast(holds)
    if (innermost?.ranges[0].count === 1) innermost.ranges.push({ startOffset, endOffset, count: 0 })
  }
  return found
}

function* gapsIn(ran) {
  for (let start = ran.indexOf(0); start >= 0; ) {
    const end = ran.indexOf(1, start)
    yield [start, end < 0 ? ran.length : end]
    start = end < 0 ? -1 : ran.indexOf(0, end)
  }
}
