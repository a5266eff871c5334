import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE_ROOT } from './release.js'

/** What the examples run. */
const LAUNCHER = 'node_modules/.bin/fastify-graceful-reload'

/** Who starts the server: the launcher, as in the examples, or Node. */
export type Starter = 'launcher' | 'node'

/** A file of example/deploy, or of another folder, with Node in place of the launcher where that is meant. */
export async function readDeploy(file: string, starter: Starter, folder = 'deploy'): Promise<string> {
  const text = await readFile(join(PACKAGE_ROOT, 'example', folder, file), 'utf8')
  if (starter === 'launcher') return text
  return text
    .replace(`%(here)s/${LAUNCHER}`, process.execPath)
    .replaceAll(LAUNCHER, process.execPath)
    .replaceAll('fastify-graceful-reload server.js', 'node server.js')
}

/** The command that a container of this Dockerfile runs. */
export async function containerCommand(file: string, starter: Starter, folder?: string): Promise<string[]> {
  const text = await readDeploy(file, starter, folder)
  const list = (name: string): string[] => JSON.parse(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? '[]')
  return [...list('ENTRYPOINT'), ...list('CMD')]
}

/** The instructions of a Dockerfile in their order: https://docs.docker.com/reference/dockerfile/ */
export function instructionsOf(dockerfile: string): Array<[name: string, argument: string]> {
  const lines = dockerfile.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return lines.map((line) => /^([A-Z]+)\s+(.*)$/.exec(line)?.slice(1) as [string, string])
}
