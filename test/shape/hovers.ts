/** What an editor shows of the public types: the doc comments in source files that Biome has formatted. */

/** A public method or getter of a class, or a method of an interface, as its source has it. */
export interface Method {
  readonly name: string
  /** Its doc comment; empty if there is none. */
  readonly comment: string
}

/** What a body says below `export class …` or `interface …`, with each overload, but for what implements overloads. */
export function methodsOf(source: string, heading: string): Method[] {
  const [, body = ''] = new RegExp(`^${heading}[^\\n]*\\{\\n(.*?)^\\}`, 'ms').exec(source) ?? []
  const methods = body.matchAll(
    /^((?: {2}\/\*\*(?:(?!\*\/).)*\*\/\n)?)(?: {2}\/\/[^\n]*\n)* {2}(?:async |get )*(\w+)(?:<[^\n]*?>)?\(([^\n]*)$/gms
  )
  const all = [...methods].map(([, comment = '', name = '', rest = '']) => ({
    name,
    comment,
    isBody: rest.endsWith('{')
  }))
  const isShown = ({ name, comment, isBody }: (typeof all)[number]) =>
    name !== 'constructor' && !(isBody && comment === '' && all.some((other) => other.name === name && !other.isBody))
  return all.filter(isShown).map(({ name, comment }) => ({ name, comment }))
}

/** What `declare module` adds to the types of another package, as if it stood alone. */
export function additionsTo(module: string, source: string): string {
  const [, body = ''] = new RegExp(`^declare module '${module}' \\{\\n(.*?)^\\}`, 'ms').exec(source) ?? []
  return body.replace(/^ {2}/gm, '').replace(/^interface /gm, 'export interface ')
}

/** The names in a type, at any depth, above which there is no doc comment. */
export function uncommentedIn(source: string, name: string): string[] {
  const [, body = ''] =
    new RegExp(`^export interface ${name}(?: extends [^\\n]*)? \\{\\n(.*?)^\\}`, 'ms').exec(source) ?? []
  const lines = body.split('\n').filter((line) => !/^ *\/\/ /.test(line))
  return lines.flatMap((line, index) => {
    const [, member] = /^ +'?([\w-]+)'?\??: /.exec(line) ?? []
    return member === undefined || lines[index - 1]?.endsWith('*/') ? [] : [member]
  })
}

/** A doc comment as one line of text, without its example. */
export function textOf(comment: string): string {
  return plain(comment)
    .replace(/@example\n.*?(?=\n\n|\n@|$)/s, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The code of the example in a doc comment; undefined if there is none. */
export function exampleIn(comment: string): string | undefined {
  return /@example\n(.*?)(?=\n\n|\n@|$)/s.exec(plain(comment))?.[1]
}

/** The lines of a doc comment without what makes them one. */
function plain(comment: string): string {
  return comment
    .replace(/^ *\/\*\* ?| ?\*\/\n*$/g, '')
    .replace(/^ *\* ?/gm, '')
    .trim()
}
