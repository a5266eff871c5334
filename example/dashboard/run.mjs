// The live view: a page on which you watch two copies of one app under load. One is reloaded; the other one is stopped
// and started.
//   node example/dashboard/run.mjs [--open] [--port <n>] [--probation <ms>]
// Everything listens on 127.0.0.1. Ctrl-C ends everything.
import { spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { LiveView } from './live-view.mjs'
import { readOptions } from './options.mjs'
import { createPageServer } from './page-server.mjs'

/** How long the servers may take to end. Milliseconds. */
const STOP_LIMIT = 20_000

const { isOpened, port, probation } = options()
const view = new LiveView(probation)
let isEnding = false

for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 })) {
  process.on(signal, () => end(code))
}

try {
  await view.start()
  const app = await createPageServer(view)
  const url = await app.listen({ port, host: '127.0.0.1' })
  console.log(`The live view is at ${url} (Ctrl-C ends it)`)
  if (isOpened) openBrowser(url)
} catch (error) {
  if (!isEnding) console.error(error.message)
  await end(1)
}

function options() {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(error.message)
    return process.exit(2)
  }
}

/** The first signal ends everything in order; the second one ends it at once. */
async function end(code) {
  if (!isEnding) {
    isEnding = true
    await Promise.race([view.stop(), setTimeout(STOP_LIMIT)]).catch(() => {})
  }
  view.kill()
  process.exit(code)
}

function openBrowser(url) {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const browser = spawn(command, [url], { stdio: 'ignore', detached: true })
  browser.on('error', () => console.log(`${command} is not there: open the address yourself`))
  browser.unref()
}
