import { isDeepStrictEqual } from 'node:util'
import { LEAST_LIKELY, unitDoubt } from '../util/unit-doubt.js'
import type { HostedApp } from './hosted-app.js'
import { givenOptions, type ResolvedOptions } from './resolved-options.js'

/**
 * From where on a duration is taken as it is given: `drainTimeout: 20` is rather a number of seconds. A probation may
 * be short where nobody watches, and a window where few clients come back. Milliseconds.
 */
const LEAST = {
  readyTimeout: LEAST_LIKELY,
  drainTimeout: LEAST_LIKELY,
  lameDuck: LEAST_LIKELY,
  reloadDrainTimeout: LEAST_LIKELY,
  closeTimeout: LEAST_LIKELY,
  probation: 50,
  websocketCloseWindow: 50
} as const

/** Doubts about options that are valid: a sentence for each. */
export function doubtsOf(options: ResolvedOptions): string[] {
  const names = Object.keys(LEAST) as Array<keyof typeof LEAST>
  // That of a reload is that of a stop unless it is given: one doubt is enough.
  const isSame = options.reloadDrainTimeout === options.drainTimeout
  return names
    .filter((name) => name !== 'reloadDrainTimeout' || !isSame)
    .map((name) => unitDoubt(`option ${name}`, options[name], LEAST[name]))
    .concat(doubtsOfHealth(options.health))
    .filter((doubt) => doubt !== undefined)
}

function doubtsOfHealth(health: ResolvedOptions['health']): Array<string | undefined> {
  if (health === false) return []
  const names = ['checkTimeout', 'hangTimeout'] as const
  return names.map((name) => unitDoubt(`option health.${name}`, health[name]))
}

/** The options that concern the process: those of the app that listened first apply. */
const PROCESS_OPTIONS = new Set<keyof ResolvedOptions>([
  'signals',
  'readyTimeout',
  'probation',
  'lameDuck',
  'pidFile',
  'control',
  'env',
  'compileCache',
  'directory'
])

/** Options of a later app that differ from those of the first one, and do not apply: a sentence for each. */
export function ignoredOptions({ given, options }: HostedApp, decided: ResolvedOptions): string[] {
  const ignored = givenOptions(given)
    .filter((name) => PROCESS_OPTIONS.has(name) && !isDeepStrictEqual(options[name], decided[name]))
    .map(String)
  const isJudgedOtherwise = !isDeepStrictEqual(judgedBy(options), judgedBy(decided))
  if (given.health !== undefined && isJudgedOtherwise) ignored.push('health (except check and checkTimeout)')
  return ignored.map((name) => {
    return `option ${name} of a second app is ignored: it concerns the process, and the app that listened first decides`
  })
}

/** The options by which the child is judged, besides the checks of the apps. */
function judgedBy({ health }: ResolvedOptions): unknown {
  if (health === false) return false
  const { check: _, checkTimeout: __, ...others } = health
  return others
}
