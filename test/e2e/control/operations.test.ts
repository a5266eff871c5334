import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HttpConnection, type Target } from '../../support/connection.js'
import { NO_CURL } from '../../support/curl.js'
import { Operated } from '../../support/operated.js'
import { isNamed, type Line } from '../../support/output.js'
import { PrintedPage } from '../../support/printed-page.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import type { TestServer } from '../../support/server.js'

/** `UPDATE_OPERATIONS=1 node dist/test/e2e/control/operations.test.js` writes its blocks again. */
const PAGE = join(PACKAGE_ROOT, 'docs/operations.md')

t.test('what the runbook shows is what is printed', { skip: NO_CURL }, async (t) => {
  const page = new PrintedPage(PAGE)
  const operated = await Operated.start(t)
  const seen = new Set<string>()
  const show = async (name: string) => {
    seen.add(name)
    const expected = page.blockOf(name)
    const printed = await page.print(name, (command) => operated.shell(command))
    if (process.env.UPDATE_OPERATIONS === undefined) t.equal(printed, expected, name)
  }
  await story(t, operated, show)
  t.strictSame([...seen].sort(), page.names.sort(), 'each block is printed')
  if (process.env.UPDATE_OPERATIONS !== undefined) page.update()
})

type Show = (name: string) => Promise<void>

async function story(t: Test, operated: Operated, show: Show): Promise<void> {
  const { server } = operated
  await operated.unpack(42)
  await show('checked')
  await show('deploy')
  await show('status')
  await show('health')
  await show('unchanged')

  await operated.unpack(43, 'no boot')
  await show('ci failed')
  await show('check')
  await show('failed')
  await show('last failed')

  await operated.unpack(44, 'errors')
  const client = new Asking(server)
  await show('rolled back')
  await client.stop()
  await show('last rolled back')

  const slow = await HttpConnection.open(addressOf(server))
  t.teardown(() => slow.close())
  const finish = await beginReport(slow, server)
  await operated.unpack(45)
  await show('ci')
  await show('draining')
  await finish()
  await show('back')

  await crash(server)
  await show('restarts')
  await show('scale')
  await show('metrics')
  await show('stop')
  await server.waitFor(server.gone, 'end of the service')
  await show('gone')
}

/** Sends request after request, as clients do, and ignores the answers. */
class Asking {
  readonly #over = new AbortController()
  readonly #done: Promise<void>

  constructor(server: TestServer) {
    this.#done = this.#ask(server)
  }

  async stop(): Promise<void> {
    this.#over.abort()
    await this.#done
  }

  async #ask(server: TestServer): Promise<void> {
    while (!this.#over.signal.aborted) {
      const client = await HttpConnection.open(addressOf(server))
      await client.request({ path: '/' })
      client.close()
    }
  }
}

/** Sends the head of a request whose body does not end before the returned function is called. */
async function beginReport(client: HttpConnection, server: TestServer): Promise<() => Promise<unknown>> {
  const upload = client.upload('/reports/may', { 'content-type': 'text/plain' })
  await server.event({
    what: 'report in progress',
    test: ({ req }) => (req as Asked | undefined)?.url === '/reports/may'
  })
  return () => upload.finish()
}

interface Asked {
  url: string
}

function addressOf(server: TestServer): Target {
  const { listeners } = server.events('serving').at(-1) as Line & { listeners: string[] }
  const [host = '', port] = (listeners[0] ?? '').split(':')
  return { host, port: Number(port) }
}

/** As when the system has no memory left for it. */
async function crash(server: TestServer): Promise<void> {
  const { length } = server.events('serving')
  process.kill(server.current, 'SIGKILL')
  const isNext = (line: Line) => isNamed(line, 'serving') && server.events('serving').indexOf(line) >= length
  await server.event({ what: 'start after the crash', test: isNext })
}
