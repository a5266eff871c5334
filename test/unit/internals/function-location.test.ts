import { execFileSync } from 'node:child_process'
import t from 'tap'
import { placesOfListeners } from '../../../lib/internals/function-location.js'
import { bare, ownEnvironment } from '../../support/bare.js'

t.test('file and line of each listener, in their order', async (t) => {
  const listeners = [() => 1, parseInt.bind(undefined), () => 2]
  for (const listener of listeners) process.on('SIGWINCH', listener)
  t.teardown(() => {
    for (const listener of listeners) process.removeListener('SIGWINCH', listener)
  })
  const places = placesOfListeners('SIGWINCH').slice(-3)
  t.match(places[0], /function-location\.test\.js:\d+$/)
  t.equal(places[1], undefined, 'of native code there is none')
  t.equal(places[2], places[0])
})

t.test('there are no locations where they must not be asked for', async (t) => {
  const file = require.resolve('../../../lib/internals/function-location.js')
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
  const script = `process.on('SIGWINCH', () => {}); console.log(require(${JSON.stringify(file)}).placesOfListeners('SIGWINCH').length)`
  const args = ['--no-warnings', flag, '--allow-fs-read=*', '--eval', script]
  const options = { encoding: 'utf8' } as const
  t.equal(execFileSync(...bare(ownEnvironment(), process.execPath, args), options), '0\n')
})
