import t from 'tap'
import { RollWatch } from '../../../lib/launcher/roll-watch.js'
import type { Roster } from '../../../lib/launcher/roster.js'
import type { Turn } from '../../../lib/protocol/launcher.js'

/** A launcher with one worker, which is making a reload. */
function watchOf(stage: Turn['stage'], server: object): RollWatch {
  const turn = { worker: 0, server: 0, stage, isSpoiled: false }
  const roll = { reason: 'a test', turns: [turn], failure: undefined }
  return new RollWatch({ roll, count: 1, current: [], find: () => server } as unknown as Roster)
}

const told = (step: string) => ({ step, reason: 'a test', elapsed: 7, generation: 2, child: 4712 })

const REPORT = { status: { reload: { ...told('probation'), role: 'parent', migrated: 3 } } }

t.test('how far a reload is, is known as soon as the server has said it, without asking', async (t) => {
  const server = { reloadPosition: told('booting'), report: () => new Promise(() => {}) }
  t.match(await watchOf('making', server).position, { step: 'booting', child: 4712 })
})

t.test('a server on probation is asked for its figures', async (t) => {
  const server = { reloadPosition: told('probation'), report: async () => REPORT }
  t.match(await watchOf('handed over', server).position, { step: 'probation', migrated: 3 })
  const silent = { ...server, report: async () => undefined }
  t.match(await watchOf('handed over', silent).position, { step: 'probation', child: 4712 })
})

t.test('a server of an earlier release is asked at each step', async (t) => {
  const server = { reloadPosition: undefined, report: async () => REPORT }
  t.match(await watchOf('making', server).position, { step: 'probation', migrated: 3 })
})
