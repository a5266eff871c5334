import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import graceful from '../../../lib/index.js'
import { succeedReload } from '../../support/admin.js'
import { askControl } from '../../support/control-requests.js'
import { LAUNCHER, startServer } from '../../support/start.js'
import { tempFolder } from '../../support/temp-folder.js'
import { asStranger, NO_OTHER_USER, OTHER_GROUP, STRANGERS_GROUP } from '../../support/users.js'

const skip = NO_OTHER_USER
const status = (path: string) => [process.execPath, LAUNCHER, 'status', '--control', path] as const
const accessOf = (path: string) => `${(statSync(path).mode & 0o777).toString(8)} ${statSync(path).gid}`

/** A folder that everybody may enter. */
async function openFolder(t: Test, mode = 0o755): Promise<string> {
  const folder = join(await tempFolder(t), 'open')
  mkdirSync(folder)
  chmodSync(join(folder, '..'), 0o755)
  chmodSync(folder, mode)
  return folder
}

t.test('each generation lets the group in, and nobody else', { skip }, async (t) => {
  const path = join(await openFolder(t), 'control.sock')
  const control = { path, mode: 0o660, group: STRANGERS_GROUP }
  const server = await startServer(t, { config: { options: { control, probation: 100 } } })
  for (const generation of [1, 2]) {
    t.equal(accessOf(path), `660 ${STRANGERS_GROUP}`)
    t.match(await asStranger(status(path)), { code: 0, stdout: new RegExp(`^generation +${generation}$`, 'm') })
    if (generation === 1) await succeedReload(t, server)
  }
  rmSync(path)
  await succeedReload(t, server)
  t.equal(accessOf(path), `660 ${STRANGERS_GROUP}`, 'one that was removed comes back as it was')

  await server.release.configure({ options: { control: { path, group: OTHER_GROUP }, probation: 100 } })
  await succeedReload(t, server)
  t.equal(accessOf(path), `660 ${OTHER_GROUP}`, 'new code may let another one in')
  t.match(await asStranger(status(path)), { code: 1, stderr: /permission denied/ })
  t.match(await asStranger(status(path), [OTHER_GROUP]), { code: 0 })

  await server.release.configure({ options: { control: path, probation: 100 } })
  await succeedReload(t, server)
  t.match(await asStranger(status(path), [OTHER_GROUP]), { code: 1, stderr: /permission denied/ })
})

t.test('a launcher lets a group in, too', { skip }, async (t) => {
  const path = join(await openFolder(t), 'control.sock')
  const launcher = [`--control=${path}`, '--control-group', String(STRANGERS_GROUP)]
  const server = await startServer(t, { launcher })
  t.equal(accessOf(path), `660 ${STRANGERS_GROUP}`)
  t.match(await asStranger(status(path)), { code: 0, stdout: /^launcher +pid \d/ })
  rmSync(path)
  await server.reload()
  t.equal(accessOf(path), `660 ${STRANGERS_GROUP}`)
})

t.test('the socket cannot be led to another file', { skip }, async (t) => {
  const folder = await openFolder(t, 0o777)
  const [path, victim] = [join(folder, 'control.sock'), join(folder, '..', 'victim')]
  writeFileSync(victim, '', { mode: 0o644 })
  const server = await startServer(t, { config: { options: { control: path, probation: 100 } } })
  rmSync(path)
  symlinkSync(victim, path)
  await server.release.configure({ options: { control: { path, group: OTHER_GROUP }, probation: 100 } })
  server.signal('SIGHUP')
  await server.event('reload-failed')
  t.match(accessOf(victim), /^644 0$/)
})

t.test("the launcher's socket and the app's may be one, and the launcher answers there", async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'control.sock')
  symlinkSync(folder, join(folder, 'link'))
  const config = { options: { control: join(folder, 'link', 'control.sock') } }
  const server = await startServer(t, { launcher: ['--control', path], config })
  await server.reload()
  t.match(await askControl(path, { command: 'status' }), {
    status: { launcher: { pid: server.launcher }, workers: [{ pid: server.current }] }
  })
  t.strictSame(server.events('warning'), [])
  t.equal(await server.stop(), 0)
  t.notOk(existsSync(path))
})

for (const launcher of [undefined, []]) {
  t.test(`the environment alone names the socket${launcher === undefined ? '' : ', under a launcher'}`, async (t) => {
    const path = join(await tempFolder(t), 'control.sock')
    const env = { FASTIFY_GRACEFUL_CONTROL: path }
    const server = await startServer(t, { env, ...(launcher && { launcher }) })
    await server.reload()
    const answer = { pid: server.current, generation: 2 }
    const status = { launcher: launcher === undefined ? null : {}, workers: [answer] }
    t.match(await askControl(path, { command: 'status' }), { status })
    const second = await startServer(t, { env, config: { options: { control: false } } })
    t.strictSame(second.events('warning'), [], 'false: none')
    const third = await startServer(t, { env })
    t.match(third.events('warning'), [{ warning: /another process serves there/ }], 'it serves all the same')
    t.equal(await server.stop(), 0)
  })
}

const WRONG: Array<[control: object, message: RegExp]> = [
  [{ path: 'c', mode: 0o666 }, /control\.mode must be one that lets no others in, .* received 0o666/],
  [{ path: 'c', mode: 0o060 }, /control\.mode must be a number from 0o600 to 0o770 .* received 0o60/],
  [{ path: 'c', mode: '660' }, /control\.mode must be a number .* received '660'/],
  [{ path: 'c', group: 'no-such-group' }, /control\.group must be a group of this system, received 'no-such-group'/],
  [{ path: 'c', group: -1 }, /control\.group must be the name or the number of a group, received -1/],
  [{ mode: 0o600 }, /control\.path must be the path of a file, received undefined/],
  [{ path: 'c', owner: 1 }, /unknown option control\.owner; known options: path, mode, group$/]
]

t.test('who cannot be let in is refused when the plugin is registered', async (t) => {
  for (const [control, message] of WRONG) {
    const app = Fastify()
    app.register(graceful, { control: control as { path: string } })
    await t.rejects(Promise.resolve(app.ready()), { code: 'GRACEFUL_ERR_INVALID_OPTION', message })
  }
})
