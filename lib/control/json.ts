/** Text that may be JSON. */

/** The beginning of what came, for a message about it. */
export function excerpt(text: string): string {
  const [line = ''] = text.split('\n', 1)
  return line === '' ? 'nothing' : JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line)
}

/** The beginning of a value, as JSON. */
export function excerptOf(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** The object that a text is as JSON, if it is one. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // No JSON; the caller says so, and shows it.
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
