/** What a word means to a person who looks. */
export type Style = 'name' | 'good' | 'notable' | 'bad'

/** Colours a text that holds no control characters. */
export type Paint = (text: string, style: Style) => string

/** https://man7.org/linux/man-pages/man4/console_codes.4.html, ECMA-48 Select Graphic Rendition */
const CODES: Readonly<Record<Style, [on: number, off: number]>> = {
  name: [2, 22],
  good: [32, 39],
  notable: [33, 39],
  bad: [31, 39]
}

export const plain: Paint = (text) => text

const coloured: Paint = (text, style) => {
  const [on, off] = CODES[style]
  return `\x1b[${on}m${text}\x1b[${off}m`
}

/** In colours where that is wanted: https://no-color.org, https://force-color.org */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const { FORCE_COLOR: forced = '', NO_COLOR: none = '', TERM: terminal } = env
  if (forced !== '') return forced === '0' ? plain : coloured
  return none === '' && terminal !== 'dumb' && stream.isTTY === true ? coloured : plain
}
