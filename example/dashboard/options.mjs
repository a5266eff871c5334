import { parseArgs } from 'node:util'

const OPTIONS = {
  open: { type: 'boolean', default: false },
  port: { type: 'string', default: '0' },
  probation: { type: 'string', default: '3000' }
}

/**
 * Reads the options of the command line.
 *
 * @throws if an option is unknown or has a bad value
 */
export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS })
  return {
    isOpened: values.open,
    port: readNumber('--port', values.port, 65_535),
    probation: readNumber('--probation', values.probation, 600_000)
  }
}

function readNumber(option, text, highest) {
  if (/^\d+$/.test(text) && Number(text) <= highest) return Number(text)
  throw new Error(`${option} must be a number from 0 to ${highest}, and not ${JSON.stringify(text)}`)
}
