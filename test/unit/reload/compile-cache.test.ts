import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import nodeModule from 'node:module'
import nodeOs, { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hideCompileCache, shareCompileCache } from '../../../lib/reload/compile-cache.js'

/** Makes this Node one that has the cache, or one that has none. */
function support(t: Test, isSupported = true): void {
  const node = nodeModule as { enableCompileCache?: unknown }
  const { enableCompileCache } = node
  t.teardown(() => {
    node.enableCompileCache = enableCompileCache
  })
  node.enableCompileCache = isSupported ? () => {} : undefined
}

function temporaryFolder(t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'graceful-')))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The variables that are added to this environment, and the warning. */
function share(env: NodeJS.ProcessEnv, wanted?: string | false, cwd = '/') {
  const given = { ...env }
  const warning = shareCompileCache({ cwd, env: given }, wanted)
  return { folder: given.NODE_COMPILE_CACHE, marker: given.FASTIFY_GRACEFUL_COMPILE_CACHE, warning }
}

const NOTHING = { folder: undefined, marker: undefined, warning: undefined }

t.beforeEach((t) => support(t as Test))

t.test('the folder is the first that the environment has a place for', async (t) => {
  const home = temporaryFolder(t)
  const [a, b, c] = [join(home, 'a'), join(home, 'b'), join(home, 'c')]
  const ofUser = 'fastify-graceful-reload/compile-cache'
  const cases: Array<[env: NodeJS.ProcessEnv, folder: string]> = [
    [{ CACHE_DIRECTORY: a, XDG_CACHE_HOME: b, HOME: c }, join(a, 'compile-cache')],
    [{ CACHE_DIRECTORY: `${a}:${b}` }, join(a, 'compile-cache')],
    [{ XDG_CACHE_HOME: b, HOME: c }, join(b, ofUser)],
    [{ HOME: c }, join(c, '.cache', ofUser)],
    [{ CACHE_DIRECTORY: '', XDG_CACHE_HOME: '', HOME: c }, join(c, '.cache', ofUser)],
    [{ CACHE_DIRECTORY: 'relative', XDG_CACHE_HOME: 'relative', HOME: c }, join(c, '.cache', ofUser)]
  ]
  for (const [env, folder] of cases) {
    t.strictSame(share(env), { folder, marker: folder, warning: undefined })
    t.ok(existsSync(folder))
  }
})

t.test('without $HOME it is the home that the system knows, also if the app has changed it', async (t) => {
  const home = temporaryFolder(t)
  const { userInfo } = nodeOs
  const { HOME } = process.env
  t.teardown(() => {
    nodeOs.userInfo = userInfo
    if (HOME === undefined) delete process.env.HOME
    else process.env.HOME = HOME
  })
  process.env.HOME = join(home, 'changed')
  nodeOs.userInfo = (() => ({ homedir: home })) as typeof userInfo
  t.match(share({}), { folder: join(home, '.cache/fastify-graceful-reload/compile-cache') })
  nodeOs.userInfo = () => {
    throw new Error('no such user')
  }
  t.strictSame(share({}), NOTHING)
})

t.test('option compileCache names a folder, from the directory of the start', async (t) => {
  const cwd = temporaryFolder(t)
  for (const wanted of ['cache', './cache', join(cwd, 'cache')])
    t.match(share({ HOME: '/nonexistent' }, wanted, cwd), { folder: join(cwd, 'cache'), warning: undefined })
})

t.test('no folder is given where none is wanted, or another one is', async (t) => {
  const HOME = temporaryFolder(t)
  t.strictSame(share({ HOME }, false), NOTHING)
  t.strictSame(share({ HOME, NODE_DISABLE_COMPILE_CACHE: '1' }), NOTHING)
  t.strictSame(share({ HOME, NODE_COMPILE_CACHE: '/own' }, 'named', HOME), { ...NOTHING, folder: '/own' })
  t.test('nor where Node has no such cache', async (t) => {
    support(t, false)
    t.strictSame(share({ HOME }, 'named', HOME), NOTHING)
  })
  t.notOk(existsSync(join(HOME, '.cache')))
  t.notOk(existsSync(join(HOME, 'named')))
})

t.test('a folder of the user that cannot be made is done without, and nothing is said', async (t) => {
  for (const HOME of ['/dev/null', '/proc/nonexistent']) t.strictSame(share({ HOME }), NOTHING, HOME)
})

t.test('a folder that cannot be trusted causes a warning', async (t) => {
  const cache = temporaryFolder(t)
  const folder = join(cache, 'compile-cache')
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  const { warning, ...given } = share({ CACHE_DIRECTORY: cache })
  t.strictSame({ ...given, warning: undefined }, NOTHING)
  t.match(warning, /^the child gets no compile cache: .*compile-cache is open to other users \(mode 777\): empty it/)
  t.equal(share({}, folder).warning, warning)
})

t.test('a folder that the app names and that cannot be made causes a warning', async (t) => {
  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  t.match(share({}, join(file, 'cache')), {
    folder: undefined,
    warning: /file is not a folder.*\(option compileCache names another folder, or is false for none\)$/
  })
})

t.test('the child hides what it was given, and nothing else', async (t) => {
  const folder = join(temporaryFolder(t), 'cache')
  const left = (env: NodeJS.ProcessEnv) => {
    hideCompileCache(env)
    return env
  }
  const env = { A: '1' }
  shareCompileCache({ cwd: '/', env }, folder)
  t.match(env, { NODE_COMPILE_CACHE: folder })
  t.strictSame(left(env), { A: '1' })
  t.strictSame(left({ A: '1' }), { A: '1' })
  t.strictSame(left({ NODE_COMPILE_CACHE: '/own' }), { NODE_COMPILE_CACHE: '/own' })
  t.strictSame(left({ NODE_COMPILE_CACHE: '/own', FASTIFY_GRACEFUL_COMPILE_CACHE: folder }), {
    NODE_COMPILE_CACHE: '/own'
  })
  t.strictSame(
    left({ NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') }),
    {},
    'of a parent of an earlier release'
  )
})
