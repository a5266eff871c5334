import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** An empty folder for one test. Unlike the path of `t.testdir()`, its path is short enough for unix sockets. */
export async function tempFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
