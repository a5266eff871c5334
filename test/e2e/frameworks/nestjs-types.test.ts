import { execFile } from 'node:child_process'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { bare, ownEnvironment } from '../../support/bare.js'
import { noNpm } from '../../support/npm.js'
import { PACKAGE_ROOT } from '../../support/release.js'
import { tempFolder } from '../../support/temp-folder.js'

/** Wants exactly one version of Fastify, and not the newest one: with another copy beside it, the types do not fit. */
const NEST = ['common', 'core', 'platform-fastify'].map((name) => `@nestjs/${name}@11`)
const OTHERS = ['reflect-metadata@0.2', 'rxjs@7']

const MAIN = `
import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import graceful from 'fastify-graceful-reload'

@Module({})
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
await app.register(graceful, { drainTimeout: 20_000 })
app.enableShutdownHooks()
export const signal: AbortSignal = app.getHttpAdapter().getInstance().graceful.signal
`

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    experimentalDecorators: true,
    types: ['node']
  },
  files: ['main.ts']
}

/** The tests themselves do not look at how a command ends: its text says what was wrong. */
async function run(folder: string, file: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(...bare(ownEnvironment(), file, args), { cwd: folder }).catch(
    (error: { stdout: string; stderr: string }) => error
  )
  return stdout + stderr
}

/** Packs what the tests run with; `npm pack` in the repository would build it again. */
async function pack(folder: string): Promise<string> {
  const copy = join(folder, 'package')
  await mkdir(join(copy, 'dist'), { recursive: true })
  await cp(join(PACKAGE_ROOT, 'package.json'), join(copy, 'package.json'))
  await cp(join(PACKAGE_ROOT, 'dist/lib'), join(copy, 'dist/lib'), { recursive: true })
  return join(folder, (await run(folder, 'npm', 'pack', '--ignore-scripts', '--silent', copy)).trim())
}

t.test('the types fit where NestJS and this package come in one install', { skip: noNpm }, async (t) => {
  const folder = await tempFolder(t)
  const tarball = await pack(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  await writeFile(join(folder, 'main.ts'), MAIN)
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  const said = await run(folder, 'npm', 'install', ...quiet, tarball, ...NEST, ...OTHERS)
  if (!/^added/m.test(said)) return t.pass('types', { skip: `npm cannot install ${NEST.join(', ')} here` })
  await mkdir(join(folder, 'node_modules/@types'), { recursive: true })
  await symlink(join(PACKAGE_ROOT, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
  t.equal(await run(folder, join(PACKAGE_ROOT, 'node_modules/.bin/tsc'), '--project', '.'), '')
})
