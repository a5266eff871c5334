import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { WebSocketServer } from 'ws'
import { missingBrowser, NONE, openBrowser, SideOfPage } from '../../support/browser.js'
import { Counters } from '../../support/counters.js'
import { within } from '../../support/limit.js'
import { LiveView } from '../../support/live-view.js'
import { Picture } from '../../support/picture.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { checkCounters, checkReload, checkRestart, hasBegun, hasProven, isDeployed } from '../../support/seen-deploy.js'

// The live view, as somebody sees it in a browser.

/** Clients of each server that have at most one request in progress: those of example/dashboard/clients.mjs. */
const CLIENTS = 10

/** The names of both servers on the page. */
const [RELOADED, RESTARTED] = ['fastify-graceful-reload', 'Stop, then start'] as const

/** What the Tab key reaches, in this order. */
const FOCUSABLE = ['Deploy', 'Deploy a broken release', 'Crash it', 'Pause the picture', 'What exactly happens here']

t.test('in a browser', { skip: missingBrowser }, async (t) => {
  const open = await openBrowser(t)

  t.test('deploys and a crash', async (t) => {
    const { url } = await LiveView.start(t)
    const page = await open(url)
    const { both, press, reloaded, restarted } = watch(page)

    await t.test('a deploy: no client notices the reload, and all notice the restart', async (t) => {
      await both((side) => side.webSocketsReach(1))
      for (const name of [RELOADED, RESTARTED]) await Picture.drawn(page, name, hasBegun)
      const counters = Counters.watch(t, url)
      await press('Deploy')
      checkRestart(t, await Picture.drawn(page, RESTARTED, isDeployed))
      await reloaded.note('Generation 2 has passed its probation.')
      checkReload(t, await Picture.drawn(page, RELOADED, (picture) => isDeployed(picture) && hasProven(picture)))
      await both((side) => side.shows(2))
      await both((side) => side.webSocketsReach(2))
      checkCounters(t, await counters.reached(2))
      t.strictSame(await reloaded.losses(), NONE)
      const { failed, connectionsLost, webSocketsLost } = await restarted.losses()
      t.ok(failed > 0 && connectionsLost > 0, `${failed} requests and ${connectionsLost} connections`)
      t.equal(webSocketsLost, 4)
    })

    await t.test('a broken release: the old one serves on, or is started again', async (t) => {
      const before = await restarted.losses()
      await press('Deploy a broken release')
      await reloaded.note('The release did not boot. Generation 2 serves on.')
      await restarted.note('The release did not boot. The one before is started again.')
      await both((side) => side.shows(2))
      await both((side) => side.webSocketsReach(2))
      t.strictSame(await reloaded.losses(), NONE)
      t.ok((await restarted.losses()).failed > before.failed)
    })

    await t.test('a crash: what was in progress is lost, new connections are not refused', async (t) => {
      const before = await restarted.losses()
      await press('Crash it')
      await reloaded.note('Generation 2 crashed.')
      await reloaded.lose(4, 'webSocketsLost')
      await both((side) => side.webSocketsReach(2))
      const { failed } = await reloaded.losses()
      t.ok(failed <= CLIENTS, `${failed} failed`)
      t.ok((await restarted.losses()).failed > before.failed)
    })
  })

  t.test('a crash on probation: rolled back; on a phone, by the keyboard, dark and light', async (t) => {
    const { url } = await LiveView.start(t, '--probation', '60000')
    const page = await open(url, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
    const { both, press, reloaded } = watch(page)
    const hosts = new Set<string>()
    page.on('request', (request) => hosts.add(new URL(request.url()).host))
    await page.reload()
    await both((side) => side.webSocketsReach(1))
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, 'nothing is wider')
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const dark = await background()
    await page.emulateMedia({ colorScheme: 'light' })
    t.not(await background(), dark)

    const focused = () => page.locator(':focus').innerText()
    for (const name of FOCUSABLE) {
      await page.keyboard.press('Tab')
      t.equal(await focused(), name)
    }
    for (const _name of FOCUSABLE.slice(1)) await page.keyboard.press('Shift+Tab')
    t.equal(await focused(), 'Deploy')
    await page.keyboard.press('Enter')
    await reloaded.note('Generation 2 serves, on probation.')
    t.equal(await focused(), 'Deploy', 'a button that cannot be used now keeps the focus')
    t.strictSame(await reloaded.losses(), NONE)

    await press('Crash it')
    await reloaded.note('Generation 2 crashed, on probation.')
    await reloaded.note('Rolled back: generation 1 serves again.')
    await reloaded.shows(1)
    await reloaded.webSocketsReach(1)
    const { failed } = await reloaded.losses()
    t.ok(failed <= CLIENTS, `${failed} failed`)
    t.strictSame([...hosts], [new URL(url).host], 'the page asks nobody else')
  })
})

t.test('other pages cannot press the buttons, and Ctrl-C leaves nothing behind', async (t) => {
  const view = await LiveView.start(t)
  const { host, port, origin } = new URL(view.url)
  const post = (headers: Record<string, string>) => ask(view.url, 'POST', '/deploy', headers)
  t.equal(await post({ host }), 403, 'without an origin')
  t.equal(await post({ host, origin: 'null' }), 403)
  t.equal(await post({ host, origin: 'http://example.com' }), 403)
  t.equal(await post({ host, origin: `http://localhost:${port}` }), 403)
  t.equal(await post({ host: `example.com:${port}`, origin: `http://example.com:${port}` }), 403)
  t.equal(await ask(view.url, 'GET', '/events', { host: `example.com:${port}` }), 403)
  t.equal(await ask(view.url, 'GET', '/deploy', { host }), 404)
  t.equal(await post({ host, origin }), 202)
  t.equal(await post({ host, origin }), 409, 'not two at a time')
  t.strictSame(await view.interrupt(), { code: 130, pids: [], files: [] })
})

t.test('a number that a WebSocket skips is noticed', async (t) => {
  const { keepCounting } = await import(join(PACKAGE_ROOT, 'example/dashboard/counting.mjs'))
  const stop = new AbortController()
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  await once(server, 'listening')
  const numbers = [1, 2, 4, 5]
  server.on('connection', (socket) =>
    socket.on('message', () => {
      const count = numbers.shift()
      if (count === undefined) stop.abort()
      else socket.send(JSON.stringify({ count, generation: 1 }))
    })
  )
  const recording = new Recording()
  await within(keepCounting((server.address() as AddressInfo).port, recording, stop.signal), 'end of the client')
  t.strictSame([recording.wrong, recording.lane.counts], [1, [1, 2, 4, 5]])
})

/** What a client with a WebSocket reports. */
class Recording {
  wrong = 0
  lane = { counts: [] as number[], count: 0, opened() {}, lost() {}, answered() {} }

  addLane() {
    const { lane } = this
    lane.answered = () => lane.counts.push(lane.count)
    return lane
  }

  wrongCount() {
    this.wrong += 1
  }
}

/** Returns the status of the answer. `fetch` would not let a test choose these headers. */
function ask(url: string, method: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request(url + path, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asking.on('error', reject)
    asking.end()
  })
}

/** Both servers on a page, and its buttons. */
function watch(page: Page) {
  const reloaded = new SideOfPage(page, RELOADED)
  const restarted = new SideOfPage(page, RESTARTED)
  const both = (wait: (side: SideOfPage) => Promise<void>) => Promise.all([reloaded, restarted].map(wait))
  /** Waits until the button can be used. */
  const press = (name: string) => page.getByRole('button', { name, exact: true, disabled: false }).click()
  return { reloaded, restarted, both, press }
}
