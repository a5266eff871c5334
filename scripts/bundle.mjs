// Makes the published files of the compiled sources: `dist/package` from `dist/lib`.
//
// A server should boot as fast as without the plugin, and most of the plugin is for a reload or a stop. So the modules
// of an entry are put into one file. A module runs when something first uses its exports. A second file has the modules
// that only the child of a reload uses until it serves. Some small files have those that no server uses until it
// serves; they are loaded a second later. From then on nothing is read from the disk, because a deployment replaces
// `node_modules` before the process reloads.
//
// `--separate` makes files that lead to the compiled ones instead, for tools that look at each module, such as
// coverage.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiled = join(root, 'dist', 'lib')
const published = join(root, 'dist', 'package')

/** How the compiler writes an import: https://www.typescriptlang.org/docs/handbook/modules/reference.html#commonjs */
const IMPORT = /^const (\w+_\d+) = (.*\brequire\("([^"]+)"\).*);$/gm
const OWN = /\brequire\(['"](\.[^'"]+)['"]\)/g

const FIRST = 'index.js'
const CHILD = 'child.js'

/**
 * What a server needs when something goes wrong before it has loaded the other files, as when they are gone or when no
 * file descriptor is left: an uncaught error, a signal, or that itself.
 */
const NEEDED = [
  'errors.js',
  'internals/exiting.js',
  'internals/shutdown-handlers.js',
  'util/call-site.js',
  'util/guarded.js',
  'util/printable.js',
  'util/to-error.js'
]

/** Of a file that is loaded while clients are served. Characters. */
const LARGEST = 24 * 1024

/** The module that knows all others; in the compiled sources it knows none. */
const MODULES = 'process/all-modules.js'

/** Node looks for the names that an ES module can import in the text: https://github.com/nodejs/cjs-module-lexer */
const NAMES = 'exports.graceful = module.exports'

/** A plain server, which reloads once: each generation prints what it has run until it serves. */
const SERVER = `
  const { subscribe } = require('node:diagnostics_channel')
  const graceful = require(process.argv[1])
  const app = require('fastify')()
  app.register(graceful, { probation: 0 })
  subscribe('fastify-graceful-reload:serving', ({ generation }) => setImmediate(() => {
    console.log(JSON.stringify(Object.keys(graceful.loaded)))
    if (generation === 1) app.gracefulReload().then(({ pid }) => process.kill(pid, 'SIGTERM'))
  }))
  app.listen({ host: '127.0.0.1', port: 0 })
`

rmSync(published, { recursive: true, force: true })
const areSeparate = process.argv.includes('--separate')
for (const entry of ['boot-watch.js', 'cli/bin.js', FIRST]) {
  if (areSeparate) write(entry, `module.exports = require('${join(relative(dirname(entry), '..'), 'lib', entry)}')\n`)
  else if (entry === FIRST) bundlePlugin()
  else write(entry, bundle(modulesOf(entry), entry))
}

function bundlePlugin() {
  const modules = modulesOf(FIRST)
  const [used, usedByChild] = usedUntilServing(modules)
  const isFirst = (name) => used.includes(name) || NEEDED.includes(name)
  const first = modules.filter(isFirst)
  const others = modules.filter((name) => !isFirst(name))
  const files = [
    [CHILD, others.filter((name) => usedByChild.includes(name))],
    ...inSmallFiles(others.filter((name) => !usedByChild.includes(name)))
  ]
  for (const [file, names] of files)
    write(
      file,
      `'use strict'\nmodule.exports = ($load) => ({\n${names.map((name) => asFunction(name)).join('\n')}\n})\n`
    )
  write(FIRST, `${bundle(first, FIRST, files)}${NAMES}\n`)
}

/** Node compiles a file at once, while no client is answered. */
function inSmallFiles(modules) {
  const files = []
  let size = Number.POSITIVE_INFINITY
  for (const name of modules) {
    const { length } = asFunction(name)
    if (size + length > LARGEST) {
      files.push([`later-${files.length + 1}.js`, []])
      size = 0
    }
    files.at(-1)[1].push(name)
    size += length
  }
  return files
}

/**
 * The modules that a plain server uses, and those that its child uses, until they serve. This runs both to find out. A
 * server of another kind may need more modules. Then it loads the remaining files earlier.
 */
function usedUntilServing(modules) {
  // A list without modules: the code that uses a module loads it.
  const text = bundle(modules, FIRST).replace(
    asFunction(MODULES),
    `'${MODULES}': (exports) => { exports.MODULES = [] },`
  )
  write(FIRST, `${text}module.exports.loaded = loaded\n`)
  const settings = { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH } }
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', SERVER, join(published, FIRST)], settings)
  const lines = stdout.split('\n').filter(Boolean)
  if (status !== 0 || lines.length !== 2)
    throw new Error(`a server with all modules in one file does not reload:\n${stderr}`)
  return lines.map((line) => JSON.parse(line))
}

/**
 * An entry with modules that it uses, and the files that have the others. The helpers that a module calls have names
 * that no module declares. Each module finds the package from where its own file would be. An app that was bundled as
 * an ES module has no such place.
 */
function bundle(modules, entry, files = []) {
  const requires = files.map(([file]) => `() => require('./${file}')`)
  const places = files.flatMap(([, names], index) => names.map((name) => [name, index]))
  return `'use strict'
const $top = typeof __dirname === 'string' ? \`\${__dirname}/${relative(dirname(entry), '.')}\` : undefined
const files = [${requires.join(', ')}]
const places = ${JSON.stringify(Object.fromEntries(places))}
const loaded = {}
const modules = {
${modules.map((name) => asFunction(name, entry)).join('\n')}
}
function $load(name) {
  const module = loaded[name] ?? { exports: {} }
  if (loaded[name] === undefined) {
    if (modules[name] === undefined) Object.assign(modules, files[places[name]]()($load))
    modules[name](module.exports, module)
    loaded[name] = module
  }
  return module.exports
}
$load.folder = $top
module.exports = $load('${entry}')
`
}

/** Node would take what a module calls `exports` for those of the file. */
function asFunction(name, entry = FIRST) {
  const text = name === MODULES ? `exports.MODULES = ${listOfModules(entry)}` : withLazyImports(name)
  const renamed = text.replaceAll(/(?<![\w$])(module\.)?exports\b/g, (_, all) => (all ? '$module.exports' : '$exports'))
  const { code } = transformSync(renamed, { loader: 'js' })
  return `${JSON.stringify(name)}: (function ($exports, $module) {\n${placeOf(name, code)}${code}}),`
}

/** Where the file of a module would be, for one that asks. */
function placeOf(name, code) {
  if (!code.includes('__dirname')) return ''
  return `const __dirname = $load.folder && \`\${$load.folder}/${dirname(name)}\`\n`
}

/**
 * Each import becomes a function that runs the module at the first call; in brackets, so that `new` takes what the
 * module exports.
 */
function withLazyImports(name) {
  const names = []
  const declared = textOf(name).replaceAll(IMPORT, (_, variable, value) => {
    names.push(variable)
    return `let ${variable}_value; const ${variable} = () => ${variable}_value ??= ${value};`
  })
  const lazy = names.reduce((text, variable) => {
    const result = text.replaceAll(new RegExp(`(?<![\\w$])${variable}\\.`, 'g'), `(${variable}()).`)
    if (new RegExp(`(?<![\\w$])${variable}(?!\\w|\\(\\)| = )`).test(result))
      throw new Error(`${name}: an unknown use of ${variable}`)
    return result
  }, declared)
  return lazy.replaceAll(OWN, (_, path) => `$load(${JSON.stringify(besides(name, path))})`)
}

/**
 * The list of lib/process/all-modules.ts in the published files. First come the modules of other packages, which have
 * their own files, and of Node. The command is one file, and a launcher never runs most of it: it needs only those of
 * other packages.
 */
function listOfModules(entry) {
  const own = modulesOf(entry).filter((name) => name !== MODULES)
  const imported = own.flatMap((name) => [...textOf(name).matchAll(IMPORT)].map(([, , , from]) => from))
  const others = [...new Set(imported.filter((from) => !from.startsWith('.')).sort())]
  const calls = others.map((name) => `require('${name}')`)
  const all = entry === FIRST ? [...calls, ...own.map((name) => `$load('${name}')`)] : calls.filter(isOfPackage)
  return `[${all.map((call) => `() => ${call}`).join(', ')}]`
}

function isOfPackage(call) {
  return !call.startsWith("require('node:")
}

/** The names of an entry and of all that it uses, below `dist/lib`. */
function modulesOf(entry) {
  const found = new Set()
  const follow = (name) => {
    if (found.has(name)) return
    found.add(name)
    for (const [, path] of textOf(name).matchAll(OWN)) follow(besides(name, path))
  }
  follow(entry)
  return [...found].sort()
}

function besides(name, path) {
  return join(dirname(name), path)
}

/** Without the first line of a command, which has its place at the top of the file. */
function textOf(name) {
  return readFileSync(join(compiled, name), 'utf8').replace(/^#!.*/, '')
}

function write(name, text) {
  const isCommand = name.startsWith('cli/')
  mkdirSync(dirname(join(published, name)), { recursive: true })
  writeFileSync(join(published, name), `${isCommand ? '#!/usr/bin/env node\n' : ''}${text}`, {
    mode: isCommand ? 0o755 : 0o644
  })
}
