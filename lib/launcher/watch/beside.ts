import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Wanted } from './wanted.js'

const ENV_OPTION = /^--env-file(?:-if-exists)?(?:=(.*))?$/s

/** `.env`, `.env.local` and so on, and not what editors leave beside them. */
const ENV_FILE = /^(?!.*(~|\.sw[a-p]|\.tmp)$)\.env(\.|$)/

/** What package managers write at the end of an install: one change, in place of all those of the installed files. */
const INSTALLED = ['.package-lock.json', '.modules.yaml', '.yarn-state.yml']

/** Files that a server reads at its start besides its modules. */
export function besideOf(cwd: string, args: readonly string[]): Pick<Wanted, 'home' | 'files' | 'folders'> {
  const home = homeOf(cwd)
  const files = [
    ...envFiles(cwd, args),
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

/** The files that an option of Node names: https://nodejs.org/api/cli.html#--env-filefile */
function envFiles(cwd: string, args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const option = ENV_OPTION.exec(arg)
    const path = option === null ? undefined : (option[1] ?? args[index + 1])
    return path === undefined || path === '' ? [] : [resolve(cwd, path)]
  })
}
