/** How to start a process. */
export interface StartCommand {
  file: string
  /** Whether the file is Node, and not the app itself. */
  isNode: boolean
  args: string[]
  /** The script among the arguments; undefined where there is none, as with `node -e`. */
  script: string | undefined
  cwd: string
  env: NodeJS.ProcessEnv
}
