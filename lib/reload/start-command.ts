/** How to start a process. */
export interface StartCommand {
  file: string
  args: string[]
  /** The script among the arguments; undefined where there is none, as with `node -e`. */
  script: string | undefined
  cwd: string
  env: NodeJS.ProcessEnv
}
