import t from 'tap'
import { failReload, succeedReload } from '../../support/admin.js'
import type { Release } from '../../support/release.js'
import { startServer } from '../../support/start.js'

/** One way in which new code is bad, the error that the caller of the reload gets, and what the log says. */
interface Story {
  name: string
  spoil(release: Release): Promise<unknown>
  code: string
  status: number
  says: RegExp
}

/** The files that the stories spoil. */
const FILES = ['server.cjs', 'app.cjs']

const EXITED = { code: 'GRACEFUL_ERR_CHILD_EXITED', status: 502 }

const STORIES: Story[] = [
  {
    name: 'a syntax error',
    spoil: (release) => release.write('server.cjs', 'const = boom'),
    ...EXITED,
    says: /code 1.*Unexpected token/
  },
  {
    name: 'a syntax error in a file that is loaded after the plugin',
    spoil: (release) => release.write('app.cjs', 'const = boom'),
    ...EXITED,
    says: /code 1.*Unexpected token/
  },
  {
    name: 'a throw at the very beginning',
    spoil: (release) => release.write('server.cjs', `throw new Error('boom')`),
    ...EXITED,
    says: /code 1.*boom/
  },
  {
    name: 'a package that is not installed',
    spoil: (release) => release.write('server.cjs', `require('nobody-has-this-package')`),
    ...EXITED,
    says: /code 1.*Cannot find module 'nobody-has-this-package'/
  },
  {
    name: 'an export that is not there',
    spoil: async (release) => {
      await release.write('broken.mjs', `import { nobodyHasThis } from './empty.mjs'`)
      await release.write('empty.mjs', '')
      await release.write('server.cjs', `import('./broken.mjs')`)
    },
    ...EXITED,
    says: /code 1.*does not provide an export named 'nobodyHasThis'/
  },
  {
    name: 'a variable that is not set',
    spoil: (release) => release.write('server.cjs', 'new URL(process.env.NOBODY_SETS_THIS)'),
    ...EXITED,
    says: /code 1.*Invalid URL/
  },
  {
    name: 'an error on console.error before anything else, and an exit with code 3',
    spoil: (release) => release.write('server.cjs', `console.error('the boom is in the details'); process.exit(3)`),
    ...EXITED,
    says: /code 3.*the boom is in the details/
  },
  {
    name: 'an abort',
    spoil: (release) => release.write('server.cjs', 'process.abort()'),
    ...EXITED,
    says: /killed by SIGABRT/
  },
  {
    name: 'a throw while loading',
    spoil: (release) => release.write('server.cjs', `require('fastify-graceful-reload'); throw new Error('boom')`),
    ...EXITED,
    says: /code 1.*boom/
  },
  {
    name: 'a rejection that nobody handles',
    spoil: (release) => failAtBoot(release, 'throw'),
    ...EXITED,
    says: /code 1.*this release cannot boot/
  },
  {
    name: 'a throw when the app is registered already',
    spoil: (release) => release.write('server.cjs', program(`throw new Error('boom')`)),
    ...EXITED,
    says: /code 1.*boom/
  },
  {
    name: 'a plugin that fails, and an exit with code 1',
    spoil: (release) =>
      release.write(
        'server.cjs',
        program(`app.register(async () => { throw new Error('boom') })
        app.listen({ port: 0, host: '127.0.0.1' }).catch((err) => { app.log.error(err); process.exit(1) })`)
      ),
    ...EXITED,
    says: /code 1.*boom/
  },
  {
    name: 'an error on console.error, and an exit with code 7',
    spoil: (release) => release.write('server.cjs', program(`console.error(new Error('boom')); process.exit(7)`)),
    ...EXITED,
    says: /code 7.*boom/
  },
  {
    name: 'exit 0 before it is ready',
    spoil: (release) => failAtBoot(release, 'exit'),
    ...EXITED,
    says: /code 0/
  },
  {
    name: 'the end of its event loop',
    spoil: (release) => release.write('server.cjs', program('')),
    ...EXITED,
    says: /code 0/
  },
  {
    name: 'a crash',
    spoil: (release) => release.write('server.cjs', program(`process.kill(process.pid, 'SIGKILL')`)),
    ...EXITED,
    says: /killed by SIGKILL/
  },
  {
    name: 'its script deleted',
    spoil: (release) => release.remove('server.cjs'),
    ...EXITED,
    says: /code 1.*Cannot find module/
  },
  {
    name: 'another file deleted',
    spoil: (release) => release.remove('app.cjs'),
    ...EXITED,
    says: /code 1.*Cannot find module/
  },
  {
    name: 'no plugin any more',
    spoil: (release) =>
      release.write(
        'server.cjs',
        `const { port } = JSON.parse(process.env.FASTIFY_GRACEFUL_RELOAD).listeners[0].address
        require('fastify')().listen({ port, host: '127.0.0.1' }, (err) => { if (err) throw err })`
      ),
    ...EXITED,
    says: /code 1.*EADDRINUSE/
  }
]

t.test('a reload to bad code changes nothing, and the next one, to good code, works', async (t) => {
  const server = await startServer(t)
  const good = await Promise.all(FILES.map((file) => server.release.read(file)))
  for (const { name, spoil, code, status, says } of STORIES) {
    await t.test(name, async (t) => {
      const refusal = await failReload(t, server, () => spoil(server.release))
      t.match(refusal, { code, statusCode: status })
      // The last lines of the child can hold a secret. They are for the log, not for the clients of the route.
      t.notMatch(refusal.message, /boom|module|export|URL|EADDR/)
      t.match(server.events('reload-failed').at(-1)?.msg, says)
      for (const [index, file] of FILES.entries()) await server.release.write(file, good[index] ?? '')
      await succeedReload(t, server, name)
    })
  }
})

t.test('wrong syntax in an ES module is reported with the file and the line', async (t) => {
  const server = await startServer(t, { script: 'server.mjs' })
  const good = await server.release.read('server.mjs')
  const refusal = await failReload(t, server, () => server.release.write('server.mjs', `${good}\nconst = boom\n`))
  t.match(refusal, { code: EXITED.code })
  const { err } = server.events('reload-failed').at(-1) as unknown as { err: { stderr: string[] } }
  const line = good.split('\n').length + 1
  t.match(err.stderr[0], new RegExp(`server\\.mjs:${line}$`))
  t.ok(err.stderr.includes('const = boom'))
})

/** The code of a server that has the plugin, and then something else. */
function program(body: string): string {
  return `const app = require('fastify')({ logger: true })
  app.register(require('fastify-graceful-reload'))
  ${body}`
}

/** Makes the fixture fail at boot; the next change of the config takes it back. */
async function failAtBoot(release: Release, boot: 'throw' | 'exit'): Promise<void> {
  const config = JSON.parse(await release.read('config.json'))
  await release.write('config.json', JSON.stringify({ ...config, boot }))
}
