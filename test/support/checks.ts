import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { listeningInodes } from './fds.js'
import type { Line } from './output.js'
import type { TestServer } from './server.js'
import { untilTrue } from './tree.js'

/** What a check must leave alone: who serves, on which sockets, and what stands for them in the file system. */
export async function traceOf(server: TestServer, files: { pidFile: string; paths: string[] }) {
  return {
    servers: server.servers(),
    inodes: listeningInodes(server.current),
    pid: await readFile(files.pidFile, 'utf8'),
    files: [files.pidFile, ...files.paths].map((path) => {
      const { ino, mtimeMs, ctimeMs } = statSync(path)
      return { path, ino, mtimeMs, ctimeMs }
    })
  }
}

/** The child of a check, once it boots and waits for the file `go`. */
export async function waitingChild(server: TestServer, after: Line[] = []): Promise<number> {
  const isWaiting = (line: Line) => line.fixture === 'boot' && line.mode === 'wait' && !after.includes(line)
  return (await server.event({ what: 'boot of the child', test: isWaiting })).pid
}

/** Fails when a process that was checked has said that it serves, or is still there. */
export async function leftNothing(t: Test, server: TestServer, pids: number[]): Promise<void> {
  await untilTrue(server, `end of ${pids}`, () => !server.alive().some((pid) => pids.includes(pid)))
  t.strictSame(
    server.events((line) => pids.includes(line.pid) && line.graceful === 'serving'),
    [],
    'what was checked has never served'
  )
}
