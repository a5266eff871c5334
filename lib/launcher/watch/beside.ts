import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Wanted } from './wanted.js'

/**
 * Options that name a file of more options, or of environment variables, among them NODE_OPTIONS:
 * https://nodejs.org/api/cli.html#--env-filefile and https://nodejs.org/api/cli.html#--experimental-config-fileconfig
 */
const FILE_OPTION = /^--(?:env-file(?:-if-exists)?|experimental-config-file)(?:=(.*))?$/s
const DEFAULT_FILE_OPTION = '--experimental-default-config-file'
const DEFAULT_FILE = 'node.config.json'

/** `.env`, `.env.local` and so on, and not what editors leave beside them. */
const ENV_FILE = /^(?!.*(~|\.sw[a-p]|\.tmp)$)\.env(\.|$)/

/** What package managers write at the end of an install: one change, in place of all those of the installed files. */
const INSTALLED = ['.package-lock.json', '.modules.yaml', '.yarn-state.yml']

/** Files that a server reads at its start besides its modules. */
export function besideOf(cwd: string, args: readonly string[]): Pick<Wanted, 'home' | 'files' | 'folders'> {
  const home = homeOf(cwd)
  const files = [
    ...filesOfOptions({ cwd, args }),
    join(home, 'package.json'),
    ...INSTALLED.map((name) => join(home, 'node_modules', name))
  ]
  return { home, files: new Set(files), folders: [[cwd, (name) => ENV_FILE.test(name)]] }
}

/** The folder of the package that the servers are started in. */
function homeOf(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (dirname(folder) === folder) return cwd
  }
}

/** The files that options of Node name, in which a server finds options or variables at its start. */
export function filesOfOptions({ cwd, args }: { cwd: string; args: readonly string[] }): string[] {
  return args.flatMap((arg, index) => {
    if (arg === DEFAULT_FILE_OPTION) return [join(cwd, DEFAULT_FILE)]
    const option = FILE_OPTION.exec(arg)
    const path = option === null ? undefined : (option[1] ?? args[index + 1])
    return path === undefined || path === '' ? [] : [resolve(cwd, path)]
  })
}
