import t from 'tap'
import type { Roster } from '../../../lib/launcher/roster.js'
import { LauncherNotices } from '../../../lib/systemd/launcher-notices.js'
import type { Notice, ServiceManager } from '../../../lib/systemd/notify.js'

t.test('after a reload that failed in the pause, the service manager is told the generation that lasts', async (t) => {
  const told: Notice[] = []
  const manager = { tell: (notice: Notice) => told.push(notice), flushed: async () => {} }
  const workers = { count: 1, current: [{ generation: 3, lasting: { generation: 2, pid: 1 } }] }
  const notices = new LauncherNotices(manager as unknown as ServiceManager, workers as unknown as Roster, () => {})
  await notices.reloaded(new Error('boom'))
  t.match(told, [{ STATUS: /^generation 2, serving; / }])
})
