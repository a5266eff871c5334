import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path/posix'

/** Source text by path, relative to the root of the repository, with forward slashes. */
export type Sources = ReadonlyMap<string, string>

/** What package.json says of packages that may be there at run time. */
export interface Manifest {
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}

interface Layer {
  number: number
  name: string
  files: RegExp
  /** Whether its files may import each other (never in a circle). */
  joined: boolean
}

/** The layers, highest first. A file imports from its own layer only where that is `joined`, and never from a higher one. */
export const LAYERS: readonly Layer[] = [
  { number: 4, name: 'entry', files: /^lib\/(index|graceful|process|warmup|bin|client|launch)\.ts$/, joined: true },
  { number: 3, name: 'orchestrator', files: /^lib\/(reloader|launcher)\//, joined: true },
  { number: 2, name: 'resources', files: /^lib\/resources\//, joined: false },
  { number: 1, name: 'pure', files: /^lib\/pure\//, joined: true },
  { number: 0, name: 'base', files: /^lib\/base\//, joined: true }
]

/** The files that may touch what Node does not document, each with all that it may touch. */
export const INTERNALS: Readonly<Record<string, readonly string[]>> = {
  'lib/base/node-internals.ts': [
    '_handle',
    '_pipeName',
    '_httpMessage',
    '_parent',
    'getOwnPropertySymbols',
    'owner_symbol'
  ],
  'lib/base/connection-internals.ts': ['_handle'],
  'lib/base/http2-internals.ts': ['getOwnPropertySymbols'],
  'lib/base/tls-internals.ts': ['_sharedCreds'],
  'lib/base/websocket-internals.ts': [
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
  /** Whether it is gone from the compiled file. */
  typeOnly: boolean
}

/** Returns one sentence for each rule of the repository's shape that the sources break. */
export function shapeProblems(sources: Sources, manifest: Manifest): string[] {
  const code = new Map([...sources].map(([path, text]) => [path, withoutComments(text)]))
  const imports = [...code].flatMap(([path, text]) => importsOf(path, text))
  const local = imports.filter(({ specifier }) => specifier.startsWith('.'))
  const edges = local.map(({ from, specifier }) => [from, resolve(from, specifier)] as const)
  return [
    ...[...code.keys()].filter((path) => layerOf(path) === undefined).map((path) => `${path} belongs to no layer`),
    ...edges.flatMap(([from, to]) => edgeProblems(from, to, code)),
    ...cycles(edges).map((cycle) => `import cycle: ${cycle.join(' -> ')}`),
    ...packageProblems(
      imports.filter(({ specifier }) => !specifier.startsWith('.')),
      manifest
    ),
    ...[...code].flatMap(([path, text]) => textProblems(path, text))
  ]
}

function layerOf(path: string): Layer | undefined {
  return LAYERS.find(({ files }) => files.test(path))
}

function edgeProblems(from: string, to: string, code: Sources): string[] {
  if (!code.has(to)) return [`${from} imports ${to}, which is not there`]
  const [own, other] = [layerOf(from), layerOf(to)]
  if (own === undefined || other === undefined) return []
  if (other.number > own.number) return [`${from} (${own.name}) imports ${to} from the higher layer ${other.name}`]
  if (other === own && !own.joined)
    return [`${from} imports ${to}: files of the layer ${own.name} never import each other`]
  return []
}

/** Each file that can be reached from itself, with the way back. */
function cycles(edges: ReadonlyArray<readonly [string, string]>): string[][] {
  const found = new Map<string, string[]>()
  const walk = (path: string[]) => {
    for (const [, to] of edges.filter(([from]) => from === path.at(-1))) {
      const start = path.indexOf(to)
      if (start === -1) walk([...path, to])
      else found.set(path.slice(start).sort().join(), [...path.slice(start), to])
    }
  }
  for (const start of new Set(edges.map(([from]) => from))) walk([start])
  return [...found.values()]
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

/** Underscored members, by dot or by string, and the ways to Node's private symbols and bindings. */
function internalsIn(text: string): string[] {
  const members = [...text.matchAll(/(?:\.|\[['"`])(_[a-zA-Z]\w*)/g)].map((match) => match[1] as string)
  const others = ['getOwnPropertySymbols', 'process.binding', 'internalBinding', 'async_id_symbol', 'owner_symbol']
  return [...new Set([...members, ...others.filter((name) => text.includes(name))])]
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

/** Strings are matched too, and kept, so that what looks like a comment within one is none. */
function withoutComments(text: string): string {
  const stringOrComment = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return text.replace(stringOrComment, (match) => (match.startsWith('/') ? '' : match))
}
