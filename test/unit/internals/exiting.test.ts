import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { PACKAGE_ROOT } from '../../support/release.js'

const MODULE = join(PACKAGE_ROOT, 'dist/lib/internals/exiting.js')

const PROGRAM = `
  const { isExiting } = require(${JSON.stringify(MODULE)})
  const say = (what) => console.log(what, isExiting())
  process.on('uncaughtException', (error) => {
    say(error.message)
    process.nextTick(() => say('next tick'))
    setImmediate(() => {
      say('immediate')
      process.exit()
    })
  })
  process.once('exit', () => { throw new Error('listener') })
  say('begin')
  process.exit()`

t.test('Node tells that it exits, and has no next tick from then on', async (t) => {
  const lines = execFileSync(...bare(ownEnvironment(), process.execPath, ['-e', PROGRAM]), { encoding: 'utf8' })
  t.strictSame(lines.trim().split('\n'), ['begin false', 'listener true', 'immediate true'])
})
