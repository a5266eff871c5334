/** C0 and C1 controls, line and paragraph separators, and what changes the direction of the text around it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/**
 * A text that others had a say in (a reason, a path, what a child wrote), for a line of a log or a terminal: it can
 * neither begin a line of its own nor move the cursor.
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, (control) => ESCAPES[control] ?? escaped(control))
}

/** The same for a text of several lines, such as a stack. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escaped(control: string): string {
  const code = control.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
