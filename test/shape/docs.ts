import { without } from '../support/page-diff.js'

/** The text of files by path, relative to the root of the repository, with forward slashes. */
export type Texts = ReadonlyMap<string, string>

/** A fenced block of a Markdown file. */
interface Fence {
  /** What an HTML comment on the line above names, e.g. `example/minimal.mjs`. */
  marker: string | undefined
  language: string
  text: string
}

/** Languages whose snippets a reader might run as a program. So a test must run them. */
const PROGRAMS = new Set(['js', 'mjs', 'cjs', 'ts', 'mts', 'cts', 'javascript', 'typescript'])

/**
 * What must not be in any file: folders that exist on one machine only, and registries, which the user chooses. In
 * pieces, so that this file does not break its own rule.
 */
const UNWANTED = [
  new RegExp(`(?<![\\w.-])/(${['work', 'root'].join('|')})/`),
  new RegExp(`(?<![\\w.-])/tmp/(${['notes', 'nodes', 'bash_jobs'].join('|')})`),
  new RegExp(`registry\\.${'[a-z.-]*'}(npmjs|yarnpkg|npmmirror)`),
  new RegExp(`"${'resolved'}": "http`)
]

/**
 * Returns one sentence for each snippet of `path` that differs from the example that it names. A diff is applied
 * first.
 */
export function snippetProblems(path: string, texts: Texts): string[] {
  return fencesIn(texts.get(path) ?? '').flatMap(({ marker, language, text }) => {
    if (marker === undefined) {
      return PROGRAMS.has(language) ? [`${path}: no <!-- example/… --> names the file of "${firstLine(text)}"`] : []
    }
    const example = texts.get(marker)
    if (example === undefined) return [`${path}: ${marker} is not there`]
    const shown = language === 'diff' ? without('-', text) : text
    return example.trimEnd() === shown.trimEnd() ? [] : [`${path}: the snippet of ${marker} is not that file`]
  })
}

/** Returns one sentence for each line of prose that is too long. Tables, targets of links and lone code cannot be. */
export function widthProblems(path: string, texts: Texts): string[] {
  const prose = (texts.get(path) ?? '').replace(/^ *```.*?^ *```/gms, '')
  return prose
    .split('\n')
    .filter((line) => line.length > 120 && !/^\||^\[[^\]]+\]: |^`[^`]+`$/.test(line))
    .map((line) => `${path}: "${line.slice(0, 40)}…" has ${line.length} characters`)
}

/** Returns one sentence for each relative link of `path` to a file or heading that is not there. */
export function linkProblems(path: string, texts: Texts): string[] {
  const prose = (texts.get(path) ?? '').replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '')
  const targets = [...prose.matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
    ([, a, b]) => a ?? b ?? ''
  )
  return targets
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
    .filter((target) => !reaches(path, target, texts))
    .map((target) => `${path}: the link ${target} leads nowhere`)
}

/** Returns one sentence for each test, source, script or folder that `path` names in code and that is not there. */
export function nameProblems(path: string, texts: Texts): string[] {
  const prose = (texts.get(path) ?? '').replace(/^```.*?^```/gms, '')
  const names = [...prose.matchAll(/`((?:[\w/-]+\.test\.ts)|(?:lib|test|scripts)\/[\w./-]+)`/g)].map(
    ([, name = '']) => name
  )
  const isThere = (place: string) =>
    texts.has(place) || [...texts.keys()].some((other) => other.startsWith(`${place.replace(/\/$/, '')}/`))
  return names
    .filter((name) => ![name, `test/${name}`, `test/e2e/${name}`].some(isThere))
    .map((name) => `${path} names ${name}, which is not there`)
}

/** The files that npm always publishes, and those that `files` in package.json names. Globs stand for built files. */
export function publishedOf(texts: Texts, files: readonly string[]): Texts {
  const always = ['README.md', 'LICENSE', 'package.json']
  const isPublished = (path: string) =>
    [...always, ...files].some((entry) => path === entry || path.startsWith(`${entry}/`))
  return new Map([...texts].filter(([path]) => isPublished(path)))
}

/** Returns one sentence for each line of `path` that names what only one machine knows. */
export function unwantedProblems(path: string, texts: Texts): string[] {
  const lines = (texts.get(path) ?? '').split('\n')
  return lines.flatMap((line, index) =>
    UNWANTED.some((pattern) => pattern.test(line))
      ? [`${path}:${index + 1} names a place of one machine: ${line.trim()}`]
      : []
  )
}

/**
 * Returns one sentence for each line of `path` that calls the command by another name than that of the package. If the
 * package is not installed, npx takes that name for a package, and looks it up in the registry.
 */
export function commandProblems(path: string, texts: Texts): string[] {
  const lines = (texts.get(path) ?? '').split('\n')
  return lines
    .filter((line) => /fastify-graceful(?!-)/.test(line) && !/a short\s+name/.test(line))
    .map((line) => `${path} names a command that the package does not: ${line.trim()}`)
}

function fencesIn(text: string): Fence[] {
  const fences = text.matchAll(/(?:^<!--\s*(\S+)\s*-->[ \t]*\n+)?^```(\w*)[^\n]*\n(.*?)^```[ \t]*$/gms)
  return [...fences].map(([, marker, language = '', body = '']) => ({ marker, language, text: body }))
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function reaches(from: string, target: string, texts: Texts): boolean {
  const [file = '', heading] = target.split('#', 2)
  // The URL class resolves .. and . as a browser on the repository's pages would.
  const path =
    file === '' ? from : decodeURIComponent(new URL(file, `repo:///${from}`).pathname.slice(1)).replace(/\/$/, '')
  if (!texts.has(path)) return [...texts.keys()].some((name) => name.startsWith(`${path}/`))
  return heading === undefined || !path.endsWith('.md') || anchorsIn(texts.get(path) ?? '').includes(heading)
}

/** The anchors that GitHub gives to headings: lower case, no punctuation, dashes for spaces. */
function anchorsIn(text: string): string[] {
  const headings = text.replace(/^```.*?^```/gms, '').matchAll(/^#+\s+(.*)$/gm)
  return [...headings].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-')
  )
}
