// The changes that are made to a machine: each is one slip of a hand.

/** Every mutation of a program: which part of its source is replaced, by what, and in words. */
export function* mutationsOf(program, source) {
  // What the compiler adds is no part of the machine.
  const own = program.body.filter(
    (node) => !source.slice(node.start, node.end).startsWith('Object.defineProperty(exports')
  )
  for (const node of nodesOf({ ...program, body: own })) yield* (BY_TYPE[node.type] ?? none)(node, source)
}

function* nodesOf(node) {
  if (typeof node?.type === 'string') yield node
  // The compiler adds zeros: `(0, other.call)()`, `void 0`.
  if (node.type === 'SequenceExpression') return yield* nodesOf(node.expressions.at(-1))
  if (node.operator === 'void') return
  for (const value of Object.values(node)) {
    if (Array.isArray(value))
      for (const child of value) if (child !== null && typeof child === 'object') yield* nodesOf(child)
    if (value !== null && typeof value === 'object' && typeof value.type === 'string') yield* nodesOf(value)
  }
}

function* none() {}

const replace = ({ start, end }, text, what) => ({ start, end, text, what })
const textOf = (source, { start, end }) => source.slice(start, end)

const OPERATORS = { '===': '!==', '!==': '===', '>': '<=', '<=': '>', '<': '>=', '>=': '<', '+': '-', '-': '+' }

/** Properties whose values are words of a machine. */
const WORDS = ['stage', 'name', 'timer', 'cause', 'kind', 'about', 'type']

const BY_TYPE = {
  *BinaryExpression(node, source) {
    const other = OPERATORS[node.operator]
    if (other === undefined) return
    const text = `${textOf(source, node.left)} ${other} ${textOf(source, node.right)}`
    yield replace(node, text, `${node.operator} becomes ${other}`)
  },
  *LogicalExpression(node, source) {
    const other = { '&&': '||', '||': '&&' }[node.operator]
    const [left, right] = [textOf(source, node.left), textOf(source, node.right)]
    if (other !== undefined) yield replace(node, `((${left}) ${other} (${right}))`, `${node.operator} becomes ${other}`)
    else yield replace(node, `(${left})`, 'drops the default')
  },
  *UnaryExpression(node, source) {
    if (node.operator === '!') yield replace(node, textOf(source, node.argument), 'drops !')
  },
  *ConditionalExpression(node, _source) {
    yield replace(node.test, 'true', 'always the first')
    yield replace(node.test, 'false', 'always the second')
  },
  *IfStatement(node, _source) {
    yield replace(node.test, 'true', 'if (true)')
    yield replace(node.test, 'false', 'if (false)')
  },
  *SwitchCase(node) {
    if (node.test !== null && node.consequent.length > 0) yield replace(node.test, "'no such case'", 'drops the case')
  },
  *Literal(node, _source) {
    if (typeof node.value === 'boolean')
      yield replace(node, String(!node.value), `${node.value} becomes ${!node.value}`)
    if (typeof node.value === 'number')
      yield replace(node, String(node.value + 1), `${node.value} becomes ${node.value + 1}`)
  },
  *Property(node, _source) {
    if (node.value.type !== 'Literal' || typeof node.value.value !== 'string') return
    if (WORDS.includes(node.key.name)) yield replace(node.value, "'no such word'", `${node.key.name} becomes another`)
  },
  *ObjectExpression({ properties }, _source) {
    const isTable = properties.length > 2 && properties.every(({ value }) => typeof value?.value === 'string')
    if (!isTable || properties.some(({ key }) => key.name === 'do' || WORDS.includes(key.name))) return
    for (const { key, value } of properties)
      yield replace(value, "'no such word'", `${key.name ?? key.value} becomes another`)
  },
  *CallExpression(node, source) {
    const { property } = node.callee
    const other = { some: 'every', every: 'some' }[property?.name]
    if (other !== undefined) yield replace(property, other, `${property.name} becomes ${other}`)
    yield* dropped(node, node.arguments, source)
  },
  *ArrayExpression(node, source) {
    yield* dropped(node, node.elements, source)
  }
}

/** Leaves out an effect, or a list of effects. */
function* dropped(_node, items, source) {
  for (const item of items) {
    if (item === null || !isEffect(item, source)) continue
    const after = source.slice(item.end).match(/^\s*,/)?.[0].length ?? 0
    const before = after > 0 ? 0 : (source.slice(0, item.start).match(/,\s*$/)?.[0].length ?? 0)
    const part = { start: item.start - before, end: item.end + after }
    yield replace(part, '', `drops ${textOf(source, item).replace(/\s+/g, ' ').slice(0, 60)}`)
  }
}

function isEffect(item, source) {
  if (item.type === 'SpreadElement')
    return item.argument.type !== 'Identifier' || !['server', 'at'].includes(item.argument.name)
  const text = textOf(source, item)
  return (item.type === 'ObjectExpression' && /\bdo: /.test(text)) || /\b(wait|cancel)\)?\('/.test(text.slice(0, 40))
}
