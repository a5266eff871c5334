import t from 'tap'
import { closest, didYouMean } from '../../../lib/util/closest.js'

const NAMES = ['drainTimeout', 'readyTimeout', 'probation', 'signals', 'env', 'stop', 'reload']

t.test('the name that was meant', async (t) => {
  for (const [name, meant] of [
    ['drainTimeut', 'drainTimeout'],
    ['drainTimeuot', 'drainTimeout'],
    ['draintimeout', 'drainTimeout'],
    ['timeout', undefined],
    ['signal', 'signals'],
    ['nev', 'env'],
    ['vne', undefined],
    ['hup', undefined],
    ['stpo', 'stop'],
    ['relaod', 'reload'],
    ['reloads', 'reload'],
    ['', undefined]
  ] as const)
    t.equal(closest(name, NAMES), meant, name)
})

t.test('the end of a message', async (t) => {
  t.equal(didYouMean('probaton', NAMES), '; did you mean probation?')
  t.equal(didYouMean('close', NAMES), '')
  t.equal(didYouMean('close', []), '')
})
