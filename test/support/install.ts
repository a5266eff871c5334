import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const QUIET = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--loglevel=error']

/**
 * Installs packages into their own folder, once. Returns whether they are there.
 *
 * @param folder - in `node_modules/.cache`, where npm keeps it until the next `npm ci`
 * @param packages - with their versions, as `mercurius@16`
 */
export function installOnce(folder: string, packages: readonly string[]): boolean {
  if (!existsSync(folder)) install(folder, packages)
  return existsSync(folder)
}

/** Elsewhere first: several processes may do this at the same time, and none may find half of it. */
function install(folder: string, packages: readonly string[]): void {
  const place = `${folder}.${process.pid}`
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'package.json'), '{ "private": true }\n')
  const { status } = spawnSync('npm', ['install', '--prefix', place, ...QUIET, ...packages], {
    cwd: place,
    stdio: 'ignore'
  })
  try {
    if (status === 0) renameSync(place, folder)
  } catch {
    // Another one was first.
  }
  rmSync(place, { recursive: true, force: true })
}
