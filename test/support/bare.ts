/**
 * The command that runs another one with exactly this environment. tap puts a loader, with its own signal handlers,
 * into every process that a test starts, whatever `env` says. `env -i` becomes the command by `exec`, so pid and
 * descriptors stay.
 */
export function bare(env: NodeJS.ProcessEnv, file: string, args: string[]): [file: string, args: string[]] {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return ['env', ['-i', ...assignments, file, ...args]]
}

/**
 * The environment of the test without the parts that tap added, because its loaders must not run in a fixture. tap
 * measures no coverage here: NODE_V8_COVERAGE comes from `npm run coverage`, and is meant for every process.
 */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const isForeign = (name: string) => /^(TAP|_TAPJS|NODE_OPTIONS)/.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign(name)))
}
