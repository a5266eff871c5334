import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** An empty folder for the time of a test. Its path is short enough for unix sockets, which that of `t.testdir()` is not. */
export async function tempFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
