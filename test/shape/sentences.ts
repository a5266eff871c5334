import { parse } from 'acorn'

/** What a process may say to a person: the constant parts of a sentence, with `…` for what differs. */
export interface Sentence {
  /** The file of the sources. */
  readonly file: string
  readonly text: string
}

/** All that a file says, and where it says something that stands elsewhere. */
export interface Spoken {
  readonly sentences: Sentence[]
  /** Each as its file and the code of the argument. */
  readonly indirect: string[]
}

/** A node of the syntax tree: https://github.com/estree/estree */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** The calls by which a process says something to a person: in the log of a server or of a launcher. */
const SPEAKERS = new Set(['warn', 'warnOnce', 'log'])

/** A launcher uses these calls too. Elsewhere, they are for messages between processes. */
const LAUNCHER_SPEAKER = 'say'

/** A text of fewer words is a name. */
const FEWEST_WORDS = 3

/** What the calls of a compiled file say. */
export function spokenIn(file: string, code: string): Spoken {
  const program = read(code)
  const constants = constantsIn(program)
  const spoken: Spoken = { sentences: [], indirect: [] }
  for (const node of nodesIn(program)) {
    const [argument] = node.type === 'CallExpression' && speaks(file, node) ? (node.arguments as Node[]) : []
    if (argument === undefined) continue
    const texts = textsOf(argument, constants)
    if (texts === undefined) spoken.indirect.push(`${file}: ${code.slice(argument.start, argument.end)}`)
    else spoken.sentences.push(...texts.map((text) => ({ file, text })))
  }
  return spoken
}

function speaks(file: string, { callee }: Node): boolean {
  const name = nameOf(callee as Node)
  return SPEAKERS.has(name) || (name === LAUNCHER_SPEAKER && file.startsWith('lib/launcher/'))
}

/** All sentences in a function, a class or a constant of a compiled file, in any call. */
export function sentencesOf(file: string, code: string, name: string): Sentence[] {
  const program = read(code)
  const constants = constantsIn(program)
  const declaration = nodesIn(program).find((node) => {
    const isDeclared = /^(FunctionDeclaration|VariableDeclarator|ClassDeclaration)$/.test(node.type)
    return isDeclared && nameOf(node.id as Node) === name
  })
  if (declaration === undefined) throw new Error(`there is no ${name} in ${file}`)
  return outermostTexts(declaration)
    .flatMap((node) => textsOf(node, constants) ?? [])
    .filter((text) => text.split(' ').length >= FEWEST_WORDS)
    .map((text) => ({ file, text }))
}

function read(code: string): Node {
  return parse(code, { ecmaVersion: 'latest', sourceType: 'script' }) as unknown as Node
}

function* childrenOf(node: Node): Generator<Node> {
  for (const value of Object.values(node).flat())
    if (typeof value === 'object' && value !== null && 'type' in value) yield value as Node
}

/** A node and all below it. */
function nodesIn(node: Node): Node[] {
  const nodes = [node]
  for (let index = 0; index < nodes.length; index++) nodes.push(...childrenOf(nodes[index] as Node))
  return nodes
}

/** The label of a `case` is not a sentence, and neither is a key. */
function outermostTexts(node: Node): Node[] {
  if (node.type === 'Property') return outermostTexts(node.value as Node)
  if (node.type === 'SwitchCase') return (node.consequent as Node[]).flatMap(outermostTexts)
  const isText = node.type === 'TemplateLiteral' || typeof node.value === 'string' || node.operator === '+'
  return isText && node.type !== 'TemplateElement' ? [node] : [...childrenOf(node)].flatMap(outermostTexts)
}

/** Of `warn`, `log.warn`, `this.#warn` and `(0, module.warn)`. */
function nameOf(node: Node): string {
  if (node.type === 'MemberExpression') return nameOf(node.property as Node)
  if (node.type === 'SequenceExpression') return nameOf((node.expressions as Node[]).at(-1) as Node)
  return typeof node.name === 'string' ? node.name : ''
}

/** Texts that have a name. A name that two texts have does not count. */
function constantsIn(program: Node): Map<string, Node | undefined> {
  const constants = new Map<string, Node | undefined>()
  for (const { type, id, init } of nodesIn(program)) {
    if (type !== 'VariableDeclarator' || !init) continue
    const name = nameOf(id as Node)
    constants.set(name, constants.has(name) ? undefined : (init as Node))
  }
  return constants
}

/** The texts that a node can evaluate to; undefined if the node is not a text. */
function textsOf(node: Node, constants: ReadonlyMap<string, Node | undefined>): string[] | undefined {
  if (typeof node.value === 'string') return [node.value]
  if (node.type === 'Identifier') {
    const known = constants.get(nameOf(node))
    return known === undefined || known.type === 'Identifier' ? undefined : textsOf(known, constants)
  }
  if (node.type === 'TemplateLiteral') {
    const [first = '', ...quasis] = (node.quasis as Node[]).map(({ value }) => (value as { cooked: string }).cooked)
    const between = (node.expressions as Node[]).map((part) => textsOf(part, constants)?.[0] ?? '…')
    return [first + quasis.map((quasi, index) => between[index] + quasi).join('')]
  }
  if (node.type === 'BinaryExpression' && node.operator === '+') {
    const [left, right] = [node.left, node.right].map((part) => textsOf(part as Node, constants)?.[0])
    return left === undefined && right === undefined ? undefined : [`${left ?? '…'}${right ?? '…'}`]
  }
  return undefined
}
