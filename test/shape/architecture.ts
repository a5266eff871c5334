import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path/posix'

/** Source text by path, relative to the root of the repository, with forward slashes. */
export type Sources = ReadonlyMap<string, string>

/** What package.json says of packages that may be there at run time. */
export interface Manifest {
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}

/** The folders of `lib/`, each with its subject, as in CONTRIBUTING.md. */
export const FOLDERS: readonly string[] = [
  'cli',
  'connections',
  'control',
  'internals',
  'launcher',
  'metrics',
  'process',
  'protocol',
  'reload',
  'sockets',
  'systemd',
  'util'
]

/**
 * The public face of the plugin, and what Node is told to load: the only files of `lib/` that are in none of its
 * folders.
 */
const FACE = /^lib\/(index|boot-watch|graceful|options|errors|events)\.ts$/

/** The files that may touch what Node does not document, each with all that it may touch. */
export const INTERNALS: Readonly<Record<string, readonly string[]>> = {
  'lib/internals/caught-answer.ts': ['.write =', '.end =', '.destroy ='],
  'lib/internals/channel-end.ts': ['.emit =', '.disconnect ='],
  'lib/internals/connection-handle.ts': ['_handle', '_consumed'],
  'lib/internals/exiting.ts': ['_exiting'],
  'lib/internals/fastify-hooks.ts': ['getOwnPropertySymbols', '.onClose'],
  'lib/internals/ipc-channel.ts': ['.emit =', '_handleQueue', 'getOwnPropertySymbols'],
  'lib/internals/http1.ts': ['_httpMessage', '_parent', 'shouldKeepAlive', 'destroySoon', '.destroy ='],
  'lib/internals/http2.ts': ['getOwnPropertySymbols'],
  'lib/internals/listening-handle.ts': ['_handle', '_pipeName', 'getOwnPropertySymbols', 'owner_symbol'],
  'lib/internals/pino.ts': ['_writing', 'getOwnPropertySymbols', 'retryEAGAIN'],
  'lib/internals/shutdown-handlers.ts': ['.kill ='],
  'lib/internals/stderr.ts': ['.write ='],
  'lib/internals/stoppable.ts': ['_pendingSockets', '.close ='],
  'lib/internals/tls.ts': ['_sharedCreds'],
  'lib/internals/websocket.ts': [
    '_socket',
    '_state',
    '_bufferedBytes',
    '_fragmented',
    '_firstFragment',
    'getOwnPropertySymbols'
  ]
}

interface Import {
  from: string
  specifier: string
  /** Whether the import is missing in the compiled file. */
  typeOnly: boolean
}

/** Returns one sentence for each rule of the repository's shape that the sources break. */
export function shapeProblems(sources: Sources, manifest: Manifest): string[] {
  const code = new Map([...sources].map(([path, text]) => [path, withoutComments(text)]))
  const imports = [...code].flatMap(([path, text]) => importsOf(path, text))
  const local = imports.filter(({ specifier }) => specifier.startsWith('.'))
  const edges = local.map(({ from, specifier }) => [from, resolve(from, specifier)] as const)
  return [
    ...[...code.keys()].filter((path) => !hasPlace(path)).map((path) => `${path} is in none of the folders of lib/`),
    ...edges.filter(([, to]) => !code.has(to)).map(([from, to]) => `${from} imports ${to}, which is not there`),
    ...imports.flatMap(protocolProblems),
    ...cycles(edges).map((cycle) => `import cycle: ${cycle.join(' -> ')}`),
    ...packageProblems(
      imports.filter(({ specifier }) => !specifier.startsWith('.')),
      manifest
    ),
    ...[...code].flatMap(([path, text]) => [...textProblems(path, text), ...impureProblems(path, text)])
  ]
}

function hasPlace(path: string): boolean {
  return FACE.test(path) || FOLDERS.includes(/^lib\/([^/]+)\//.exec(path)?.[1] ?? '')
}

/** What decides is pure: of all that lies outside it knows types alone. */
function protocolProblems({ from, specifier, typeOnly }: Import): string[] {
  if (!from.startsWith('lib/protocol/') || typeOnly) return []
  if (specifier.startsWith('.') && resolve(from, specifier).startsWith('lib/protocol/')) return []
  return [`${from} imports more than types from ${specifier}`]
}

/** What a machine must not ask, wait for or reach: the clock, chance, the process, what is outside. */
const IMPURE = new RegExp(
  [
    /\b(?:Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|Promise|globalThis)\b/,
    /\b(?:async|await)\b/,
    /\bprocess(?=\.\w)/,
    /\bMath\.random\b/
  ]
    .map(({ source }) => source)
    .join('|'),
  'g'
)

/** A machine is a function of its state and its input. Strings do not count. */
function impureProblems(path: string, text: string): string[] {
  if (!path.startsWith('lib/protocol/')) return []
  const names = [...withoutStrings(text).matchAll(IMPURE)].map(([name]) => name)
  return [...new Set(names)].map((name) => `${path} uses ${name}, and is no pure machine`)
}

/** The ways back to where they began, at least one of each group of files that import each other. */
function cycles(edges: ReadonlyArray<readonly [string, string]>): string[][] {
  const targets = new Map<string, string[]>()
  for (const [from, to] of edges) targets.set(from, [...(targets.get(from) ?? []), to])
  const found: string[][] = []
  const seen = new Set<string>() // Each file is entered once: the number of ways through a tree grows beyond all limits.
  const walk = (file: string, path: string[]) => {
    const start = path.indexOf(file)
    if (start !== -1) found.push([...path.slice(start), file])
    if (seen.has(file)) return
    seen.add(file)
    for (const to of targets.get(file) ?? []) walk(to, [...path, file])
  }
  for (const file of targets.keys()) walk(file, [])
  return found
}

function packageProblems(imports: Import[], manifest: Manifest): string[] {
  const named = imports.map((each) => ({ ...each, name: packageOf(each.specifier) }))
  const packages = named.filter(({ specifier }) => !specifier.startsWith('node:'))
  const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]
  const used = new Set(packages.filter(({ typeOnly }) => !typeOnly).map(({ name }) => name))
  return [
    ...packages.flatMap(({ from, name }) => {
      if (builtinModules.includes(name)) return [`${from} imports ${name} without node:`]
      return declared.includes(name) ? [] : [`${from} imports ${name}, which package.json does not declare`]
    }),
    ...Object.keys(manifest.dependencies)
      .filter((name) => !used.has(name))
      .map((name) => `package.json declares ${name}, which no file of lib/ imports`)
  ]
}

function textProblems(path: string, text: string): string[] {
  const problems: string[] = []
  if (/\bconsole\b/.test(text)) problems.push(`${path} uses console`)
  const allowed = INTERNALS[path]
  for (const name of internalsIn(text)) {
    if (allowed === undefined) problems.push(`${path} touches ${name}; only ${Object.keys(INTERNALS).join(', ')} may`)
    else if (!allowed.includes(name)) problems.push(`${path} touches ${name}, which is not on its list`)
  }
  return problems
}

const OTHER_INTERNALS = [
  'getOwnPropertySymbols',
  'retryEAGAIN',
  'process.binding',
  'internalBinding',
  'async_id_symbol',
  'owner_symbol',
  'shouldKeepAlive',
  'destroySoon'
]

/** Methods of objects of Node that a property of the same name can shadow. */
const SHADOWED = /\.(write|end|close|destroy|destroySoon|emit|disconnect|kill)\s*=(?![=>])/g

/**
 * Underscored members, by dot or by string, the ways to Node's private symbols and bindings, and methods that are
 * shadowed.
 */
function internalsIn(text: string): string[] {
  const members = [...text.matchAll(/(?:\.|\[['"`])(_[a-zA-Z]\w*)/g)].map((match) => match[1] as string)
  const shadowed = [...text.matchAll(SHADOWED)].map(([, name]) => `.${name} =`)
  const others = OTHER_INTERNALS.filter((name) => text.includes(name))
  return [...new Set([...members, ...others, ...shadowed.filter((name) => name !== '.destroySoon =')])]
}

function importsOf(from: string, text: string): Import[] {
  const statements = text.matchAll(/^\s*(import|export)\s([^'"]*?)\bfrom\s*['"]([^'"]+)['"]/gm)
  const bare = text.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm)
  const calls = text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g)
  return [
    ...[...statements].map(([, , clause = '', specifier = '']) => ({ from, specifier, typeOnly: isTypeOnly(clause) })),
    ...[...bare, ...calls].map(([, specifier = '']) => ({ from, specifier, typeOnly: false }))
  ]
}

function isTypeOnly(clause: string): boolean {
  if (/^type\s/.test(clause)) return true
  const names = clause
    .match(/^\{([^}]*)\}\s*$/)?.[1]
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return names?.every((name) => name.startsWith('type ')) ?? false
}

function resolve(from: string, specifier: string): string {
  return normalize(join(dirname(from), specifier)).replace(/\.js$/, '.ts')
}

/** `@scope/name/file` and `name/file` without the file. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** Also matches strings, and keeps them, so that a comment mark within a string does not count. */
function withoutComments(text: string): string {
  const stringOrComment = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return text.replace(stringOrComment, (match) => (match.startsWith('/') ? '' : match))
}

function withoutStrings(text: string): string {
  return text.replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''")
}
