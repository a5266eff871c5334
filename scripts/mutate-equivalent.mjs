// Mutations that change nothing anybody could see, each with its reason.

export const EQUIVALENT = [
  // A queued request is looked at for its reason and its ask only.
  { file: 'server-parent.js', line: "{ type: 'reload', ask: undefined, reason: again }", what: 'type becomes' },
  // What is kept of a stop is the whole input, which says both itself.
  { file: 'server-steps.js', line: "{ type: 'stop', awaitsParent: false, ...given }", what: 'type becomes' },
  { file: 'server-steps.js', line: "{ type: 'stop', awaitsParent: false, ...given }", what: 'false becomes' },
  // Without a queued request this is not reached.
  { file: 'server.js', line: "server.queued?.asks ?? [], 'stopping', reason", what: 'drops the default' },
  // A process that does not leave has nothing to finish.
  { file: 'server.js', line: "next.at.name === 'leaving' ?", what: 'always the first' },
  // One stop is replaced by another of the same cause.
  { file: 'server-steps.js', line: "earlier.cause === 'app closes' && stop.cause", what: '&& becomes' },
  // A server that has ended has an ending.
  { file: 'launcher-roll.js', line: 'const { ending = {', what: 'drops the default' },
  // A turn that asks has a server, which is not forgotten as long as it is spoken of.
  { file: 'launcher-roll.js', line: 'server === undefined ?', what: 'always the second' },
  // A stop has refused what was queued, and nothing is queued after it.
  { file: 'launcher-roll.js', line: "phase === 'running' ? beginRoll", what: 'always the first' },
  // A list without what was to be left out is the same list.
  { file: 'launcher.js', line: 'left.length === servers.length ?', what: 'always the second' }
]
