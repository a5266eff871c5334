/**
 * Options of Node that concern its inspector, for a process that is started again: the first one keeps its port, so the
 * second takes a free one; and nobody is there to attach a debugger, so it does not wait for one.
 * https://nodejs.org/api/cli.html#--inspecthostport
 */

/** An option that requests the inspector, with or without a place to listen on. */
const INSPECT = /^--inspect(-brk|-wait)?(=.*)?$/

/** Only names the place. The value may be an argument of its own. */
const PLACE = /^--(inspect|debug)-port(=.*)?$/

/** The command line options, with an inspector of its own if these or `NODE_OPTIONS` request one. */
export function withOwnInspector(execArgv: readonly string[], nodeOptions: string): string[] {
  const args = execArgv
    .filter((arg, index) => !PLACE.test(arg) && !isPlaceOnly(execArgv[index - 1]))
    .map((arg) => (INSPECT.test(arg) ? '--inspect' : arg))
  const isInspected = args.includes('--inspect') || words(nodeOptions).some((word) => INSPECT.test(word))
  return isInspected ? ['--inspect-port=0', ...args] : args
}

/** The value of `NODE_OPTIONS`, without waiting for a debugger. */
export function withoutWaiting(nodeOptions: string): string {
  return nodeOptions.replace(/(?<=^|\s)--inspect-(brk|wait)(?==|\s|$)/g, '--inspect')
}

function isPlaceOnly(arg: string | undefined): boolean {
  return arg !== undefined && PLACE.test(arg) && !arg.includes('=')
}

function words(nodeOptions: string): string[] {
  return nodeOptions.split(/\s+/)
}
