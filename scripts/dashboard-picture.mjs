// Takes docs/dashboard.png, a deploy in the live view: node scripts/dashboard-picture.mjs
// Needs chromium, and a built package.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** How long both servers serve before the deploy, and after it. Milliseconds. */
const [BEFORE, AFTER] = [9_000, 2_500]

const view = spawn(process.execPath, [path('example/dashboard/run.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] })
const [line] = await once(createInterface({ input: view.stdout }), 'line')
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' })
try {
  const page = await browser.newPage({ viewport: { width: 1090, height: 1000 }, deviceScaleFactor: 1.25 })
  await page.goto(/ at (\S+)/.exec(line)[1])
  await setTimeout(BEFORE)
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  const reloaded = page.getByRole('article', { name: 'fastify-graceful-reload' })
  await reloaded.getByText('Generation 2 has passed its probation.').waitFor()
  await setTimeout(AFTER)
  await page.mouse.move(0, 0)
  const { x, y, height, width } = await page.locator('body').boundingBox()
  const end = await page.locator('.legend').boundingBox()
  const clip = { x, y, width, height: Math.min(height, end.y + end.height + 10) }
  await page.screenshot({ path: process.argv[2] ?? path('docs/dashboard.png'), clip })
} finally {
  await browser.close()
  view.kill('SIGINT')
  await once(view, 'exit')
}
