/** Turns what the server logs into the phases of its processes, and into notes. */
export function followLog(server, recording) {
  server.on('said', (line) => HANDLERS[line.graceful]?.(line, recording))
}

const HANDLERS = {
  serving: serves,
  launcher: startsAnother,
  closed: ({ pid }, { processes }) => processes.end(processes.find(pid)),
  'reload-started': ({ child, generation }, { processes }) => processes.start(generation + 1, child),
  'handed-over': ({ pid, child }, { processes }) => {
    processes.enter(processes.find(child), 'on probation')
    processes.enter(processes.find(pid), 'handed over')
  },
  'reload-succeeded': ({ pid, result }, recording) => {
    const { processes } = recording
    processes.enter(processes.find(result.pid), 'serving')
    processes.enter(processes.find(pid), 'draining')
    recording.note(`Generation ${result.generation} has passed its probation.`)
  },
  'reload-failed': ({ generation }, recording) => {
    recording.processes.end(recording.processes.in('booting'), 'did not boot')
    recording.note(`The release did not boot. Generation ${generation} serves on.`)
  },
  'rolled-back': ({ pid, generation }, recording) => {
    const { processes } = recording
    processes.end(processes.in('on probation'), 'rolled back')
    processes.enter(processes.find(pid), 'serving')
    recording.note(`Rolled back: generation ${generation} serves again.`)
  }
}

/** The first process, one that follows a crash, or the child of a reload: on probation, if its parent still runs. */
function serves({ pid, generation }, recording) {
  const { processes } = recording
  const known = processes.find(pid)
  const bar = known ?? processes.in('booting') ?? processes.start(generation)
  Object.assign(bar, { pid, generation })
  const isOnProbation = known !== undefined && processes.in('serving', 'handed over') !== undefined
  processes.enter(bar, isOnProbation ? 'on probation' : 'serving')
  recording.note(`Generation ${generation} serves${isOnProbation ? ', on probation' : ''}.`)
}

/** The launcher has lost its server. A server that did not boot may have started before. */
function startsAnother({ msg }, { processes }) {
  if (!/: starting another one in/.test(msg)) return
  processes.end(processes.in('booting'), 'did not boot')
  processes.start(processes.bars.at(-1).generation)
}
