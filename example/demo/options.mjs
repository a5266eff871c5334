const OPTIONS = { '--open': 'open', '--no-build': 'noBuild', '--help': 'help', '-h': 'help' }

export const HELP = `usage: npm start -- [options]

Reloads a server under load, beside the same app that is stopped and started.

  --open       shows it live, in a browser
  --no-build   uses dist/ as it is
  --help       prints this

Environment: DEMO_QUICK=1 makes it short.
Exit code: 0 when no request failed and no
connection was cut on the reloaded server.
`

/** Returns the options of the command line, or what is wrong with them. */
export function readOptions(args) {
  const unknown = args.find((argument) => OPTIONS[argument] === undefined)
  if (unknown !== undefined) return { problem: `unknown option: ${unknown}; see npm start -- --help` }
  const given = new Set(args.map((argument) => OPTIONS[argument]))
  return { open: given.has('open'), help: given.has('help'), build: !given.has('noBuild') }
}
