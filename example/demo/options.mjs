const OPTIONS = { '--open': 'open', '--no-build': 'noBuild', '--help': 'help', '-h': 'help' }

/** Those of the live view, each with a value: ../dashboard/options.mjs. */
const LIVE_OPTIONS = ['--port', '--probation']

export const HELP = `usage: npm start -- [options]

Reloads a server under load, beside the same app that is stopped and started.

  --open             shows it live, in a browser
  --port <n>         of the page; a free one by default
  --probation <ms>   of each reload in the live view;
                     3000 by default
  --no-build         uses dist/ as it is
  --help             prints this

Environment: DEMO_QUICK=1 makes it short.
Exit code: 0 when no request failed and no
connection was cut on the reloaded server.
`

/** Returns the options of the command line, or what is wrong with them. */
export function readOptions(args) {
  const { live, others } = split(args)
  const unknown = others.find((argument) => !Object.hasOwn(OPTIONS, argument))
  if (unknown !== undefined) return { problem: `unknown option: ${unknown}; see npm start -- --help` }
  const given = new Set(others.map((argument) => OPTIONS[argument]))
  if (live.length > 0 && !given.has('open')) return { problem: `${live[0]} needs --open; see npm start -- --help` }
  return { open: given.has('open'), help: given.has('help'), build: !given.has('noBuild'), live }
}

/** Separates what is for the live view. The value of an option may be the next argument. */
function split(args) {
  const isLive = (argument = '') => LIVE_OPTIONS.includes(argument.split('=', 1)[0])
  const isForLive = (argument, index) => isLive(argument) || LIVE_OPTIONS.includes(args[index - 1])
  return { live: args.filter(isForLive), others: args.filter((...at) => !isForLive(...at)) }
}
