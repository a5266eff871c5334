import { type Ancestor, programName, type Role, roleOf } from './programs.js'

/** The known facts about how this process was started. */
export interface StartFacts {
  pid: number
  ppid: number
  /** The processes above this one, its parent first, as far as the system tells. */
  ancestors: readonly Ancestor[]
  /** The environment, of the start and of now. */
  env: Readonly<NodeJS.ProcessEnv>
  /** Path of the script. */
  script: string | undefined
  /** Whether the parent has an IPC channel to this process. */
  hasChannel: boolean
  /** Whether this is a worker of `node:cluster`. */
  isClusterWorker: boolean
  /** 1: there was no reload yet. A service that could reload once can reload again. */
  generation: number
  /** Whether a launcher is the parent, which stays when this process ends. */
  hasLauncher: boolean
}

/**
 * What a reload by fork would mean here, where the first process ends and another one goes on.
 *
 * - `refused`: the program that started this process would take a reload for its end; why, and what to do instead.
 * - `warned`: a reload works, and has a consequence that the user should know.
 */
export type Verdict = { kind: 'refused'; why: string; instead: string } | { kind: 'warned'; warning: string }

/** The facts for the rules. */
interface Situation extends StartFacts {
  /** The processes above this one that end with it, its parent first. */
  wrappers: readonly Ancestor[]
  /** What started the last of them, and goes on; undefined where the system does not tell. */
  keeper: Role | 'other' | undefined
  /**
   * How to start it with the launcher: by path, since npx would stand between the two and a supervisor knows no other
   * command.
   */
  launch: string
  /** The same as a script of package.json, where the package manager finds the command. */
  launchScript: string
}

const WRAPPERS: ReadonlySet<Role | undefined> = new Set<Role>(['shell', 'init', 'package manager', 'runner'])

/** The first one that has an answer decides. */
const RULES: ReadonlyArray<(situation: Situation) => Verdict | undefined> = [
  firstOfNamespace,
  systemdService,
  pm2Fork,
  supervisord,
  watchMode,
  packageManager
]

/** Whether this process may be replaced by a child of its own; undefined: nothing speaks against it. */
export function judge(origin: StartFacts): Verdict | undefined {
  if (origin.hasLauncher || origin.generation > 1) return undefined
  if (origin.isClusterWorker) return pm2Cluster(origin)
  const situation = situationOf(origin)
  for (const rule of RULES) {
    const verdict = rule(situation)
    if (verdict !== undefined) return verdict
  }
  return undefined
}

/** Whether pm2 has started this process, in whichever mode, and listens to what it says. */
export function isHeardByPm2(facts: StartFacts): boolean {
  if (facts.env.pm_id === undefined || !facts.hasChannel || facts.generation > 1) return false
  return facts.isClusterWorker || isOfPm2(situationOf(facts))
}

function situationOf(origin: StartFacts): Situation {
  const { ancestors, script } = origin
  const end = ancestors.findIndex((ancestor) => !WRAPPERS.has(roleOf(ancestor)))
  const wrappers = end === -1 ? ancestors : ancestors.slice(0, end)
  const keeper = ancestors[wrappers.length]
  const command = `fastify-graceful-reload ${script?.replace(/^.*[/\\]/, '') ?? 'server.js'}`
  const [launch, launchScript] = [`node_modules/.bin/${command}`, `exec ${command}`]
  return { ...origin, wrappers, keeper: keeper && (roleOf(keeper) ?? 'other'), launch, launchScript }
}

/** The primary of pm2's cluster mode is its daemon. Every other cluster worker is refused as such. */
function pm2Cluster({ env }: StartFacts): Verdict | undefined {
  return env.pm_id === undefined ? undefined : refused("in a worker of pm2's cluster mode", WITH_PM2)
}

/**
 * When PID 1 of a namespace ends, the kernel kills all others:
 * https://man7.org/linux/man-pages/man7/pid_namespaces.7.html A process without a parent was started from outside, as
 * by Kubernetes where the containers of a pod share a namespace.
 */
function firstOfNamespace({ pid, ppid, wrappers, keeper, launch, launchScript }: Situation): Verdict | undefined {
  const init = wrappers.find((wrapper) => wrapper.pid === 1)
  if (pid !== 1 && ppid !== 0 && init === undefined && keeper !== 'container runtime') return undefined
  const own = pid === 1 ? 'as PID 1' : 'as the first process of a container'
  const place = init === undefined ? own : `below ${programName(init)} as PID 1`
  const inScript = isUnder('package manager', wrappers) ? `, and its script with exec: "${launchScript}"` : ''
  return refused(`${place}, since the container would end with this process`, `start it with: ${launch}${inScript}`)
}

/**
 * With Type=simple or exec the service ends with its main process, and what is left of it is killed. Before systemd 248
 * there is no SYSTEMD_EXEC_PID:
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24SYSTEMD_EXEC_PID
 */
function systemdService({ pid, wrappers, keeper, env, launch }: Situation): Verdict | undefined {
  const { NOTIFY_SOCKET, SYSTEMD_EXEC_PID, INVOCATION_ID } = env
  if (NOTIFY_SOCKET) return undefined
  const ending = [pid, ...wrappers.map((wrapper) => wrapper.pid)]
  const isOld = SYSTEMD_EXEC_PID === undefined && INVOCATION_ID !== undefined
  if (isOld ? keeper !== 'systemd' : !ending.includes(Number(SYSTEMD_EXEC_PID))) return undefined
  return refused(
    'as the main process of a systemd service, which would end with this process',
    `set Type=notify and NotifyAccess=all, or start it with: ${launch}`
  )
}

function pm2Fork(situation: Situation): Verdict | undefined {
  if (!isOfPm2(situation)) return undefined
  return refused('under pm2, which would start the server once more beside the new process', WITH_PM2)
}

/**
 * In fork mode a script of pm2's own loads the user's:
 * https://github.com/Unitech/pm2/blob/master/lib/ProcessContainerFork.js
 */
function isOfPm2({ keeper, env, script }: Situation): boolean {
  return keeper === 'pm2' || (env.pm_id !== undefined && /[/\\]ProcessContainerFork\.js$/.test(script ?? ''))
}

/** supervisord and its kind know one pid, and start the command again when that has ended. */
function supervisord({ keeper, env, launch }: Situation): Verdict | undefined {
  const isSupervisord = keeper === undefined ? env.SUPERVISOR_ENABLED !== undefined : keeper === 'supervisord'
  if (!isSupervisord && keeper !== 'service supervisor') return undefined
  const name = isSupervisord ? 'supervisord' : 'a service supervisor'
  return refused(
    `under ${name}, which would start the server once more beside the new process`,
    `start it with: ${launch}`
  )
}

/** After a reload, nothing would end the server when a file changes, and the next one would find the port taken. */
function watchMode({ keeper, env, hasChannel }: Situation): Verdict | undefined {
  const isWatched =
    keeper === undefined ? env.WATCH_REPORT_DEPENDENCIES !== undefined && hasChannel : keeper === 'watcher'
  if (!isWatched) return undefined
  return refused('in watch mode, whose watcher would lose the server', 'save a file, and the watcher restarts it')
}

/** In a terminal, the server goes on without npm. */
function packageManager({ wrappers, env, script, keeper, launchScript }: Situation): Verdict | undefined {
  const isNamed = script !== undefined && env.npm_lifecycle_script?.includes(script.replace(/^.*[/\\]/, '')) === true
  const isUnderIt = wrappers.length === 0 && keeper === undefined ? isNamed : isUnder('package manager', wrappers)
  if (!isUnderIt) return undefined
  const name = wrappers.filter((wrapper) => roleOf(wrapper) === 'package manager').map(programName)[0] ?? 'npm'
  const warning =
    `with this reload ${name} ends, and the server goes on in the background; ` +
    `to keep ${name} in front, make its script "${launchScript}"`
  return { kind: 'warned', warning }
}

const WITH_PM2 =
  'let pm2 start the launcher in fork mode: script "node_modules/.bin/fastify-graceful-reload", ' +
  'args: the path of this script'

function isUnder(role: Role, wrappers: readonly Ancestor[]): boolean {
  return wrappers.some((wrapper) => roleOf(wrapper) === role)
}

function refused(why: string, instead: string): Verdict {
  return { kind: 'refused', why, instead }
}
