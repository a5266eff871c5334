// Runs the same app twice under the same load, and gives both the same releases. One server is reloaded, the other is
// stopped and started. Ends with what the clients of each saw. `npm start` runs this; `npm start -- --help` lists the
// options.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from './demo/build.mjs'
import { HELP, readOptions } from './demo/options.mjs'
import { Output } from './demo/output.mjs'
import { Story } from './demo/story.mjs'

const LIVE_VIEW = fileURLToPath(new URL('dashboard/run.mjs', import.meta.url))

const output = new Output(process.stdout)
const options = readOptions(process.argv.slice(2))
const running = new AbortController()
for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => {
    running.abort()
    output.end()
    process.exit(code)
  })
}
await run()

async function run() {
  if (options.problem !== undefined) return fail(options.problem, 2)
  if (options.help) return output.write(HELP)
  if (options.open && !existsSync(LIVE_VIEW)) return fail('there is no live view here: example/dashboard is missing', 1)
  const wrong = options.open ? await wrongForLiveView() : undefined
  if (wrong !== undefined) return fail(wrong, 2)
  const story = new Story(output, { quick: process.env.DEMO_QUICK === '1', signal: running.signal })
  if (!options.open) story.introduce()
  const problem = options.build ? await build(output, running.signal) : undefined
  if (problem !== undefined) return fail(problem, 1)
  if (options.open) return openLiveView()
  process.exit((await story.run()) ? 0 : 1)
}

/** What the live view would say of its options, before anything is built for it. */
async function wrongForLiveView() {
  const { readOptions: readLiveOptions } = await import('./dashboard/options.mjs')
  try {
    readLiveOptions(options.live)
  } catch (error) {
    return error.message
  }
}

async function openLiveView() {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.removeAllListeners(signal)
  process.argv.splice(1, Number.POSITIVE_INFINITY, LIVE_VIEW, '--open', ...options.live)
  await import(LIVE_VIEW)
}

function fail(problem, code) {
  const errors = new Output(process.stderr)
  errors.write(`${errors.paint('red', problem)}\n`)
  process.exit(code)
}
