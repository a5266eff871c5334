import t from 'tap'
import { LAUNCHER, startServer, WAYS } from '../../support/start.js'

/** It has a title before it loads the plugin, which takes the place of the command line that the system has. */
const TITLED = `
process.title = 'my service'
const { say } = require('./app.cjs')
say('arguments', { args: process.argv.slice(2) })
require('./server.cjs')
`

for (const { settings, where } of WAYS)
  for (const script of ['.', 'index'])
    t.test(`node ${script}: arguments survive a title${where}`, async (t) => {
      const server = await startServer(t, {
        ...settings,
        prepare: async (release) => {
          await release.write('index.js', TITLED)
          const args = [...(settings.launcher ? [LAUNCHER] : []), script, '--flag', '', 'x']
          return { command: [process.execPath, ...args] }
        }
      })
      await server.reload()
      const second = await server.reload()
      t.strictSame((await server.eventOf(second, 'arguments')).args, ['--flag', '', 'x'])
      t.equal(await server.stop(), 0)
    })
