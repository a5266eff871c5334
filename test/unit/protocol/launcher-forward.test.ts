import t from 'tap'
import { LauncherModel } from '../../support/launcher-model.js'

/** Signals that a launcher passes on: the app takes them for the end, or for something of its own. */

type Ending = Parameters<LauncherModel['give']>[0] & { type: 'ended' }

/** A launcher that has passed a signal on to each of its servers. */
function signalled(count: number, signal: NodeJS.Signals): LauncherModel {
  const launcher = LauncherModel.serving(count)
  launcher.give({ type: 'forward', signal })
  return launcher
}

function end(launcher: LauncherModel, server: number, by: number | NodeJS.Signals) {
  const ending: Ending['ending'] =
    typeof by === 'number' ? { exitCode: by, signal: null } : { exitCode: null, signal: by }
  return launcher.give({ type: 'ended', server, ending })
}

const isStartedAgain = (launcher: LauncherModel, worker = 0) => launcher.timers.has(`restart ${worker}`)

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)
  for (const by of [0, 3, signal] as const)
    t.test(`a server that ends with ${by} after ${signal} has obeyed it`, async (t) => {
      const launcher = signalled(1, signal)
      end(launcher, 0, by)
      t.ok(launcher.ending)
    })

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  t.test(`a server that another signal ends after ${signal} has crashed, and so has one with an error`, async (t) => {
    const killed = signalled(1, signal)
    end(killed, 0, 'SIGKILL')
    t.ok(isStartedAgain(killed))
    const failing = signalled(1, signal)
    failing.say(0, { type: 'leaves', isError: true })
    t.ok(isStartedAgain(failing))
  })

  t.test(`a server that leaves after ${signal} has obeyed it, also if it must be killed then`, async (t) => {
    const launcher = signalled(2, signal)
    for (const server of [0, 1]) launcher.say(server, { type: 'leaves', isError: false })
    end(launcher, 0, 0)
    launcher.due('signal', 0)
    end(launcher, 1, 'SIGKILL')
    t.ok(launcher.ending)
  })

  t.test(`a server that has had the time to leave and has not keeps ${signal} for itself`, async (t) => {
    const launcher = signalled(2, signal)
    launcher.due('signal', 0)
    end(launcher, 0, 3)
    launcher.say(1, { type: 'leaves', isError: false })
    end(launcher, 1, 0)
    t.ok(isStartedAgain(launcher, 0))
    t.ok(isStartedAgain(launcher, 1))
  })
}

t.test('nobody keeps SIGTERM for itself', async (t) => {
  const launcher = signalled(2, 'SIGTERM')
  t.notOk(launcher.timers.has('signal 0'))
  launcher.give({ type: 'forward', signal: 'SIGQUIT' })
  launcher.due('signal', 0)
  end(launcher, 0, 'SIGKILL')
  end(launcher, 1, 3)
  t.ok(launcher.ending)
})

t.test('a worker that is down when others keep a signal for themselves comes back with them', async (t) => {
  const launcher = LauncherModel.serving(2)
  end(launcher, 1, 3)
  launcher.give({ type: 'forward', signal: 'SIGQUIT' })
  t.notOk(isStartedAgain(launcher, 1), 'not before it is certain')
  launcher.due('signal', 0)
  t.ok(isStartedAgain(launcher, 1))
})

t.test('a server that does not answer shows nothing, until it does', async (t) => {
  const launcher = LauncherModel.serving(2)
  end(launcher, 1, 3)
  launcher.give({ type: 'silent', server: 0 })
  launcher.give({ type: 'forward', signal: 'SIGQUIT' })
  launcher.due('signal', 0)
  t.notOk(isStartedAgain(launcher, 1))
  launcher.say(0, 'pong')
  launcher.due('signal', 0)
  t.ok(isStartedAgain(launcher, 1))
})

t.test('a server that is started again after the signal shows that the service goes on', async (t) => {
  const launcher = LauncherModel.serving(2)
  end(launcher, 1, 3)
  launcher.give({ type: 'forward', signal: 'SIGQUIT' })
  end(launcher, 0, 'SIGKILL')
  launcher.due('restart', 0)
  launcher.due('signal', 0)
  t.ok(isStartedAgain(launcher, 1))
})

t.test('the same signal again is one signal, and a stop needs no decision', async (t) => {
  const launcher = signalled(1, 'SIGWINCH')
  launcher.give({ type: 'forward', signal: 'SIGWINCH' })
  t.strictSame(launcher.state.servers[0]?.forwarded, ['SIGWINCH'])
  launcher.give({ type: 'stop', signal: 'SIGTERM' })
  t.notOk(launcher.timers.has('signal 0'))
})
