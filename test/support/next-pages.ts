import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ownEnvironment } from './bare.js'
import type { Framework } from './frameworks.js'

/** Tells which generation has rendered it. */
const PAGE = `export default function Page({ generation }) { return 'rendered by generation ' + generation }
export const getServerSideProps = async () => ({ props: { generation: process.env.GENERATION } })`

/** Builds one page beside Next.js, once, since that takes half a minute; returns the folder. */
export async function buildPages(next: Framework): Promise<string> {
  const dir = next.folder
  if (existsSync(join(dir, '.next/BUILD_ID'))) return dir
  await mkdir(join(dir, 'pages'), { recursive: true })
  await writeFile(join(dir, 'pages/page.js'), PAGE)
  const env = { ...ownEnvironment(), NEXT_TELEMETRY_DISABLED: '1' }
  await promisify(execFile)(process.execPath, [next.path('next', 'dist/bin/next'), 'build'], { cwd: dir, env })
  return dir
}
