/** A phrase that the word table of CONTRIBUTING.md rules out, and the word that stands for it. */
export interface RuledOut {
  readonly phrase: string
  readonly word: string
}

/** The longest line of a source file. Characters. */
const WIDTH = 120

/**
 * A comment or a string of a program. A string within a template is not looked for; a quote in a regular expression may
 * begin one that is none, which ends with the line.
 */
const TEXT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/gm

/** What can stand between two words of a phrase: a line may end there, and the next one begin with a sign. */
const BETWEEN = '[\\s*#>/]+'

/** The phrases of the table's rows, each as in `(not: in hand, under way)`. */
export function ruledOutIn(contributing: string): RuledOut[] {
  const [, table = ''] = contributing.split('\n## Words\n')
  const rows = [...table.matchAll(/^\| ([^|]+) \| .*\(not: ([^)]+)\) \|$/gm)]
  return rows.flatMap(([, word = '', phrases = '']) => phrases.split(', ').map((phrase) => ({ phrase, word })))
}

/** Returns one sentence for each place of `path` that has such a phrase. Names in a program are no phrases. */
export function wordProblems(path: string, text: string, ruledOut: readonly RuledOut[]): string[] {
  const read = /\.[cm]?[jt]s$/.test(path) ? withoutCode(text) : text
  return ruledOut.flatMap(({ phrase, word }) =>
    [...read.matchAll(new RegExp(`\\b${phrase.replaceAll(' ', BETWEEN)}\\b`, 'gi'))].map(
      ({ index }) => `${path}:${lineAt(read, index)} says "${phrase}"; the word is "${word}"`
    )
  )
}

/** Returns one sentence for each line that is too long. */
export function lineProblems(path: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line.length > WIDTH ? [`${path}:${index + 1} has ${line.length} characters`] : []))
}

/** A program with all but its comments and sentences blanked, so that each place keeps its line. */
function withoutCode(text: string): string {
  let end = 0
  let read = ''
  for (const { 0: found, index } of text.matchAll(TEXT)) {
    const isText = found.startsWith('/') || /\s/.test(found)
    read += blank(text.slice(end, index)) + (isText ? found.replace(/\$\{[^{}]*\}/g, blank) : blank(found))
    end = index + found.length
  }
  return read + blank(text.slice(end))
}

/** Keeps the ends of lines; a sign in place of each other character keeps the words before and after apart. */
function blank(text: string): string {
  return text.replace(/[^\n]/g, '·')
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
