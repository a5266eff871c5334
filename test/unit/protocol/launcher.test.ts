import t from 'tap'
import type { ReloadResult } from '../../../lib/reload/reload-result.js'
import { LauncherModel, logged, starts, told } from '../../support/launcher-model.js'

const RESULT = { generation: 2 } as ReloadResult
const MADE = { type: 'reload made', result: RESULT } as const
const answers = (effects: readonly { do: string }[]) => effects.filter((effect) => effect.do === 'answer')
const FAILED = { type: 'reload failed', error: { name: 'Error', message: 'boom' } } as const

t.test('the first worker starts, the others when it serves and no listener has come for a while', async (t) => {
  const launcher = new LauncherModel(3)
  t.strictSame(starts(launcher.give({ type: 'start' })), [0])
  launcher.boot(0)
  t.match(launcher.say(0, 'listening'), [{ do: 'wait', timer: 'grow' }], 'waits anew')
  t.strictSame(starts(launcher.due('grow', 0)), [1, 2])
  t.strictSame(launcher.leaders, [0, undefined, undefined])
  launcher.boot(1)
  launcher.boot(2)
  t.strictSame(launcher.leaders, [0, 1, 2])
})

t.test('a service that has never served ends as its first server does', async (t) => {
  const launcher = new LauncherModel(2)
  launcher.give({ type: 'start' })
  launcher.started(0)
  launcher.end(0, 7)
  t.strictSame(launcher.ending, { exitCode: 7, signal: null })
})

t.test('a first server that cannot be started ends the launcher with 1', async (t) => {
  const launcher = new LauncherModel(1)
  launcher.give({ type: 'start' })
  t.strictSame(logged(launcher.give({ type: 'not started', server: 0, error: new Error('no') })), ['not started'])
  t.strictSame(launcher.ending, { exitCode: 1, signal: null })
})

t.test('a single server that ends freely or with 0 ends the launcher; the sockets are released before', async (t) => {
  const launcher = LauncherModel.serving(1)
  t.match(launcher.say(0, { type: 'leaves', isError: false }), [{ do: 'release' }])
  launcher.end(0, 0)
  t.strictSame(launcher.ending, { exitCode: 0, signal: null })
})

t.test('a reload is refused at once when the only server leaves, and so is the one that follows it', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.say(0, { type: 'leaves', isError: false })
  const stopping = { failure: { kind: 'stopping' } }
  t.match(launcher.give({ type: 'reload', ask: 1, reason: 'too late' }), [{ do: 'note reload' }])
  launcher.give({ type: 'reload', ask: 2, reason: 'and again' })
  t.match(answers(launcher.noted()), [{ asks: [1], outcome: stopping }])
  t.match(answers(launcher.noted()), [{ asks: [2], outcome: stopping }])
})

t.test('the service manager hears too late how a reload ended: the next one is not concluded by that', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.say(0, { type: 'leaves', isError: false })
  const [first, second] = [launcher.reload(), launcher.reload()]
  t.match(answers(launcher.due('tell', 0)), [{ asks: [first] }])
  t.strictSame(launcher.noted(first), [])
  t.match(answers(launcher.noted(second)), [{ asks: [second] }])
})

t.test('the only server that leaves freely and has to be killed ends the launcher, with 1', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.say(0, { type: 'leaves', isError: false })
  launcher.give({ type: 'silent', server: 0 })
  t.match(launcher.due('silence', 0), [
    { do: 'log', about: 'deaf' },
    { do: 'kill', server: 0 }
  ])
  launcher.end(0, null)
  t.strictSame(launcher.ending, { exitCode: 1, signal: null })
})

t.test('one of several that ends freely is replaced', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.say(1, { type: 'leaves', isError: false })
  t.match(launcher.end(1, 0), [{ do: 'forget' }, { do: 'pause', worker: 1, crashes: 1 }])
})

for (const count of [1, 2]) {
  t.test(`a worker is started again for as long as the launcher lives (${count} workers)`, async (t) => {
    const launcher = LauncherModel.serving(count)
    let server = count - 1
    for (let crashes = 1; crashes <= 50; crashes++) {
      t.match(launcher.end(server), [{ do: 'forget' }, { do: 'pause', worker: count - 1, crashes }])
      ;[server] = starts(launcher.due('restart', count - 1)) as [number]
      launcher.started(server)
    }
    t.equal(launcher.ending, undefined)
    launcher.due('steady', server)
    t.match(
      launcher.end(server),
      [{ do: 'forget' }, { do: 'pause', crashes: 1 }],
      'one that ran for long begins a new count'
    )
  })
}

t.test('a server that cannot be started again is tried again', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.end(0)
  const [next] = starts(launcher.due('restart', 0)) as [number]
  t.match(launcher.give({ type: 'not started', server: next, error: new Error('EAGAIN') }), [
    { do: 'log', about: 'not started' },
    { do: 'pause', crashes: 2, lost: 0 }
  ])
})

t.test('a server that dies of an error is succeeded while it finishes', async (t) => {
  const launcher = LauncherModel.serving(1)
  t.match(launcher.say(0, { type: 'leaves', isError: true }), [{ do: 'pause', lost: 0 }])
  launcher.due('restart', 0)
  launcher.boot(1)
  t.strictSame(launcher.leaders, [1])
  t.notMatch(launcher.end(0, 1), [{ do: 'pause' }])
})

t.test('no other server starts beside the successor of one that dies of an error', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.reload()
  launcher.say(0, 'pong')
  launcher.say(0, { type: 'start child', child: 1 })
  launcher.started(1)
  t.strictSame(launcher.say(0, { type: 'leaves', isError: true }), [])
  t.match(launcher.end(1).at(-1), { do: 'pause', lost: 0 })
})

t.test('a server that hangs in its boot after a crash is killed', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.end(0)
  launcher.due('restart', 0)
  launcher.started(1)
  t.strictSame(told(launcher.due('boot', 1)), [[1, 'SIGKILL']])
  t.match(launcher.end(1), [{ do: 'forget' }, { do: 'pause', crashes: 2 }])
})

t.test('all successors serve, one after the other; then all predecessors leave', async (t) => {
  const launcher = LauncherModel.serving(2)
  const ask = launcher.reload()
  t.strictSame(told(launcher.effects).at(-1), [0, 'ping'])
  t.strictSame(told(launcher.say(0, 'pong')), [[0, 'make reload']])
  launcher.handOver(0)
  t.strictSame(told(launcher.effects).at(-1), [1, 'ping'], 'the next one only now')
  launcher.handOver(1)
  t.strictSame(told(launcher.say(1, 'passed')), [])
  t.strictSame(told(launcher.say(0, 'passed')), [
    [0, 'commit'],
    [1, 'commit']
  ])
  t.strictSame(launcher.leaders, [2, 3])
  launcher.say(0, MADE)
  t.match(launcher.say(1, MADE), [{ do: 'cancel' }, { do: 'note end', failure: undefined }])
  t.equal(launcher.outcome(ask), undefined, 'not before the service manager knows')
  launcher.noted()
  t.match(launcher.outcome(ask), { turns: [{ result: RESULT }, { result: RESULT }] })
})

t.test('one that fails brings all of them back', async (t) => {
  const launcher = LauncherModel.serving(3)
  const ask = launcher.reload()
  launcher.handOver(0)
  launcher.handOver(1)
  launcher.say(0, 'passed')
  launcher.say(2, 'pong')
  t.strictSame(told(launcher.say(2, FAILED)), [
    [0, 'undo'],
    [1, 'undo']
  ])
  launcher.say(0, FAILED)
  t.equal(launcher.state.roll?.stage, 'undoing')
  launcher.say(1, FAILED)
  launcher.due('tell', 0)
  t.match(launcher.outcome(ask), { failure: { kind: 'said', worker: 2, error: { message: 'boom' } } })
  t.strictSame(launcher.leaders, [0, 1, 2])
})

t.test('how long its steps took is known of the server that failed', async (t) => {
  const timings = { boot: 300, total: 310 }
  const launcher = LauncherModel.serving(2)
  const ask = launcher.reload()
  launcher.handOver(0)
  launcher.say(1, 'pong')
  launcher.say(1, { ...FAILED, timings })
  launcher.say(0, { ...FAILED, timings: { boot: 1, total: 999 } })
  launcher.noted()
  t.match(launcher.outcome(ask), { failure: { worker: 1, timings } })

  const unwell = LauncherModel.serving(2)
  const asked = unwell.reload()
  unwell.handOver(0)
  unwell.handOver(1)
  unwell.say(0, 'passed')
  unwell.say(0, { type: 'unwell', error: { name: 'Error', message: 'ill' } })
  unwell.say(0, { ...FAILED, timings })
  unwell.say(1, { ...FAILED, timings: { total: 999 } })
  unwell.noted()
  t.match(unwell.outcome(asked), { failure: { worker: 0, timings, error: { message: 'ill' } } })
})

t.test('a successor that ends after its server said that it passed holds up the commit', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.reload()
  const child = launcher.handOver(0)
  t.strictSame(told(launcher.say(child, { type: 'roll back' })), [])
  t.strictSame(told(launcher.say(0, 'passed')), [], 'no commit')
  launcher.say(0, FAILED)
  t.equal(launcher.state.roll?.stage, 'concluding')
})

t.test('a server that comes back although it was told to commit serves on, alone', async (t) => {
  const launcher = LauncherModel.serving(1)
  const ask = launcher.reload()
  const child = launcher.handOver(0)
  launcher.say(0, 'passed')
  t.strictSame(launcher.leaders, [child])
  t.strictSame(starts(launcher.end(child)), [])
  t.equal(launcher.timers.has('restart 0'), false, 'not before the server has said what it does')
  launcher.say(0, FAILED)
  t.strictSame(launcher.leaders, [0])
  launcher.noted()
  t.match(launcher.outcome(ask), { failure: { kind: 'said' } })
  t.equal(launcher.timers.has('restart 0'), false)
})

t.test('requests during a reload lead to one more, and each caller is answered', async (t) => {
  const launcher = LauncherModel.serving(1)
  const asks = [launcher.reload('first'), launcher.reload('second'), launcher.reload('third')]
  t.strictSame(logged(launcher.effects), ['queued'])
  const finish = (server: number) => {
    launcher.handOver(server)
    launcher.say(server, 'passed')
    launcher.say(server, MADE)
    launcher.noted()
  }
  finish(0)
  t.strictSame(
    asks.map((ask) => launcher.answers.has(ask)),
    [true, false, false]
  )
  finish(1)
  t.strictSame(
    asks.map((ask) => launcher.answers.get(ask)?.length),
    [1, 1, 1]
  )
})

t.test('a reload starts a worker that is down at once with the new code', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.end(1)
  const ask = launcher.reload()
  const child = launcher.handOver(0)
  t.match(launcher.effects.at(-2), { do: 'start', server: child + 1, isNew: true })
  t.equal(launcher.timers.has('restart 1'), false)
  launcher.boot(child + 1)
  launcher.say(0, 'passed')
  launcher.say(0, MADE)
  launcher.noted()
  t.match(launcher.outcome(ask), { turns: [{ result: RESULT }, { server: child + 1 }] })
})

const turnWaits = (effects: readonly { do: string }[]) =>
  effects.filter((effect) => effect.do === 'wait' && 'timer' in effect && effect.timer === 'turn')

t.test('a reload waits until the server of a worker has left, and another one serves with the new code', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.say(1, { type: 'leaves', isError: false })
  const ask = launcher.reload()
  launcher.handOver(0)
  t.match(turnWaits(launcher.effects).at(-1), { id: 1, step: 'waiting', awaits: 'end' })
  t.match(launcher.end(1, 0).at(-2), { do: 'start', server: 3, isNew: true })
  launcher.boot(3)
  launcher.say(0, 'passed')
  launcher.say(0, MADE)
  launcher.noted()
  t.match(launcher.outcome(ask), { turns: [{ result: RESULT }, { server: 3 }] })
})

t.test('one that leaves instead of answering the reload is waited for as well', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.reload()
  t.match(turnWaits(launcher.say(0, { type: 'leaves', isError: false })), [{ step: 'waiting', awaits: 'end' }])
})

t.test('a reload that waits for a server which boots waits as long as that says, and then for its end', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.end(0)
  launcher.due('restart', 0)
  launcher.started(2)
  launcher.reload()
  t.match(turnWaits(launcher.effects).at(-1), { id: 0, step: 'waiting', awaits: 'boot' })
  t.match(turnWaits(launcher.say(2, { type: 'boots' })), [{ id: 0, step: 'waiting', awaits: 'boot' }])
  t.match(turnWaits(launcher.say(2, { type: 'leaves', isError: false })), [{ id: 0, awaits: 'end' }])
})

t.test('a reload does not count the age of a server that has ended', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.end(0)
  launcher.due('restart', 0)
  launcher.reload()
  const [wait] = turnWaits(launcher.effects)
  t.match(wait, { id: 0, step: 'waiting' })
  t.notMatch(wait, { awaits: 'boot' })
})

t.test('a server that was started for a reload and dies makes it fail, and is started again', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.end(1)
  launcher.reload()
  launcher.handOver(0)
  launcher.started(3)
  const effects = launcher.end(3, 1)
  t.strictSame(told(effects), [[0, 'undo']])
  t.match(effects, [{}, { do: 'pause', worker: 1 }])
})

t.test('the reload of a worker that hangs replaces its server', async (t) => {
  const launcher = LauncherModel.serving(2)
  const ask = launcher.reload()
  launcher.handOver(0)
  const effects = launcher.due('turn', 1)
  t.strictSame(told(effects), [[1, 'SIGKILL']])
  t.strictSame(logged(effects), ['hung'])
  t.match(launcher.end(1).at(-2), { do: 'start', server: 3, isNew: true })
  launcher.boot(3)
  launcher.say(0, 'passed')
  launcher.say(0, MADE)
  launcher.noted()
  t.match(launcher.outcome(ask), { turns: [{}, {}] })
  t.strictSame(launcher.leaders, [2, 3])
})

for (const stage of ['making', 'handed over'] as const) {
  t.test(`a server that falls silent in a reload fails it and is replaced: ${stage}`, async (t) => {
    const launcher = LauncherModel.serving(2)
    const ask = launcher.reload()
    launcher.handOver(0)
    if (stage === 'making') launcher.say(1, 'pong')
    else launcher.handOver(1)
    t.strictSame(told(launcher.due('turn', 1)), [
      [1, 'SIGKILL'],
      [0, 'undo']
    ])
    launcher.say(0, FAILED)
    launcher.end(1)
    launcher.noted()
    t.match(launcher.outcome(ask), { failure: { kind: 'late', server: 1 } })
    if (stage === 'making') t.equal(launcher.timers.has('restart 1'), true)
    else t.equal(launcher.leaders[1], 3, 'its successor serves on')
  })
}

t.test('a server that does not come back in time is killed', async (t) => {
  const launcher = LauncherModel.serving(2)
  const ask = launcher.reload()
  launcher.handOver(0)
  launcher.say(1, 'pong')
  launcher.say(1, FAILED)
  t.strictSame(told(launcher.due('turn', 0)), [[0, 'SIGKILL']])
  launcher.noted()
  t.match(launcher.outcome(ask), { failure: { kind: 'said' } })
})

t.test('a server that does not answer is logged, keeps its place, and gets no connections', async (t) => {
  const launcher = LauncherModel.serving(2)
  t.strictSame(logged(launcher.give({ type: 'silent', server: 1 })), ['silent'])
  t.equal(launcher.state.servers[1]?.isSilent, true)
  t.strictSame(told(launcher.due('silence', 1)), [], 'its loop may be busy')
  t.strictSame(logged(launcher.say(1, 'pong')), ['answers'])
  t.equal(launcher.state.servers[1]?.isSilent, false)
})

t.test('one that leaves and does not answer is killed', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.say(1, { type: 'leaves', isError: false })
  launcher.give({ type: 'silent', server: 1 })
  t.strictSame(told(launcher.due('silence', 1)), [[1, 'SIGKILL']])
})

t.test(
  'a child on probation that does not answer is killed when its parent serves again, and not before',
  async (t) => {
    const launcher = LauncherModel.serving(2)
    launcher.reload()
    const child = launcher.handOver(0)
    launcher.give({ type: 'silent', server: child })
    t.strictSame(told(launcher.due('silence', child)), [], 'its parent judges it')
    launcher.say(0, FAILED)
    t.strictSame(told(launcher.due('silence', child)), [[child, 'SIGKILL']], 'while the roll still concludes')
  }
)

t.test('a child that serves for good keeps its place, though it was silent on probation', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.reload()
  const child = launcher.handOver(0)
  launcher.give({ type: 'silent', server: child })
  launcher.say(0, 'passed')
  launcher.say(0, MADE)
  launcher.noted()
  t.strictSame(launcher.leaders, [child])
  t.strictSame(told(launcher.due('silence', child)), [])
})

t.test('a stop waits for a server that hangs no longer than its limit', async (t) => {
  const launcher = LauncherModel.serving(2)
  t.strictSame(told(launcher.give({ type: 'stop', signal: 'SIGTERM' })), [
    [0, 'stop'],
    [1, 'stop']
  ])
  launcher.end(0, 0)
  t.strictSame(told(launcher.due('stop', 1)), [[1, 'SIGKILL']])
  t.strictSame(logged(launcher.due('kill', 1)), ['no end'], 'not even when the system does not end it')
  t.strictSame(launcher.ending, { exitCode: 1, signal: null })
})

t.test('the second stop forces, and one that does not hear that is killed', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.give({ type: 'stop', signal: 'SIGTERM' })
  t.strictSame(told(launcher.give({ type: 'stop', signal: 'SIGTERM' })), [[0, 'force']])
  t.strictSame(told(launcher.due('force', 0)), [[0, 'SIGKILL']])
})

t.test('a stop in a reload ends all, and answers all callers', async (t) => {
  const launcher = LauncherModel.serving(2)
  const asks = [launcher.reload(), launcher.reload()]
  const child = launcher.handOver(0)
  t.strictSame(told(launcher.give({ type: 'stop', signal: 'SIGTERM' })), [
    [0, 'stop'],
    [1, 'stop'],
    [child, 'stop']
  ])
  for (const ask of asks) t.match(launcher.outcome(ask), { failure: { kind: 'stopping' } })
  for (const id of [0, child, 1]) launcher.end(id, 0)
  t.strictSame(launcher.ending, { exitCode: 0, signal: null })
})

t.test('a stop after the commit lets the callers have the outcome', async (t) => {
  const launcher = LauncherModel.serving(1)
  const ask = launcher.reload()
  launcher.handOver(0)
  launcher.say(0, 'passed')
  launcher.give({ type: 'stop', signal: 'SIGTERM' })
  launcher.say(0, MADE)
  launcher.noted()
  t.match(launcher.outcome(ask), { turns: [{ result: RESULT }] })
})

t.test('the parent ends while its child boots: the child serves; but not after a stop', async (t) => {
  for (const isStopped of [false, true]) {
    const launcher = LauncherModel.serving(1)
    launcher.reload()
    launcher.say(0, 'pong')
    launcher.say(0, { type: 'start child', child: 1 })
    launcher.started(1)
    if (isStopped) launcher.say(0, { type: 'leaves', isError: false })
    const [order] = told(launcher.end(0, isStopped ? 0 : null))
    t.strictSame(order, isStopped ? [1, 'SIGKILL'] : [1, 'parent ended'])
    if (!isStopped) continue
    launcher.end(1)
    t.strictSame(launcher.ending, { exitCode: 0, signal: null })
  }
})

t.test('a child that is started after the stop is stopped, and a later request for one is refused', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.reload()
  launcher.say(0, 'pong')
  launcher.say(0, { type: 'start child', child: 1 })
  launcher.give({ type: 'stop', signal: 'SIGINT' })
  t.strictSame(told(launcher.started(1)), [[1, 'SIGINT']])
  t.match(launcher.say(0, { type: 'start child', child: 2 }), [{ do: 'refuse child', parent: 0, child: 2 }])
})

t.test('a rolled back child that drains does not lead when its parent dies', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.reload()
  const child = launcher.handOver(0)
  launcher.say(child, { type: 'roll back' })
  launcher.say(child, { type: 'leaves', isError: false })
  launcher.say(0, FAILED)
  launcher.noted()
  t.match(launcher.end(0).at(-1), { do: 'pause', lost: 0 }, 'another one starts at once')
})

t.test('signals that the app handles are passed on; a server that obeys one has not crashed', async (t) => {
  const launcher = LauncherModel.serving(1)
  t.strictSame(told(launcher.give({ type: 'forward', signal: 'SIGTERM' })), [[0, 'SIGTERM']])
  launcher.end(0, 3)
  t.strictSame(launcher.ending, { exitCode: 3, signal: null })
  const down = LauncherModel.serving(1)
  down.end(0, 4)
  down.give({ type: 'forward', signal: 'SIGTERM' })
  t.strictSame(down.ending, { exitCode: 4, signal: null }, 'with nobody to hear it, it is the launcher’s')
})

t.test('so many changes of the number of workers wait, and no more', async (t) => {
  const launcher = LauncherModel.serving(1)
  launcher.reload()
  const asks = Array.from({ length: 65 }, () => launcher.scale({ by: 1 }))
  t.match(launcher.outcome(asks[64] as number), { unscaled: { kind: 'busy', waiting: 64 } })
  t.equal(launcher.outcome(asks[63] as number), undefined)
})

t.test('each caller that asked for fewer workers is answered when the servers of its workers have ended', async (t) => {
  const launcher = LauncherModel.serving(3)
  const [first, second] = [launcher.scale({ by: -1 }), launcher.scale({ by: -1 })]
  t.strictSame(launcher.leaders, [0], 'the second one does not wait for the first')
  launcher.end(1, 0)
  t.strictSame([launcher.outcome(first), launcher.outcome(second)], [undefined, { before: 2, workers: 1 }])
  launcher.end(2, 0)
  t.strictSame(launcher.outcome(first), { before: 3, workers: 2 })
  t.strictSame(logged(launcher.effects), ['scaling', 'scaling', 'scaled', 'scaled'])
})

t.test('a worker that answers stays for as long as the others do not', async (t) => {
  const launcher = LauncherModel.serving(2)
  launcher.give({ type: 'silent', server: 0 })
  const ask = launcher.scale({ by: -1 })
  t.strictSame(launcher.leaders, [0, 1])
  launcher.due('scale', 0)
  t.strictSame(launcher.outcome(ask), { unscaled: { kind: 'none stays' } })
  const next = launcher.scale({ by: -1 })
  t.strictSame(told(launcher.say(0, 'pong')), [[1, 'leave']])
  launcher.end(1, 0)
  t.strictSame(launcher.outcome(next), { before: 2, workers: 1 })
})
