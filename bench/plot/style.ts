/** Colours of one part of the picture, on a light and on a dark page. */
interface Colours {
  light: string
  dark: string
}

const COLOURS: Record<string, Colours> = {
  '.page': { light: 'fill: #ffffff', dark: 'fill: #0d1117' },
  text: { light: 'fill: #24292f', dark: 'fill: #e6edf3' },
  '.note': { light: 'fill: #57606a', dark: 'fill: #9198a1' },
  '.grid': { light: 'stroke: #d8dee4', dark: 'stroke: #30363d' },
  '.lane': { light: 'fill: #eef1f4', dark: 'fill: #1c2128' },
  '.takeover': { light: 'fill: #f0b429; fill-opacity: .5', dark: 'fill: #e3a008; fill-opacity: .5' },
  '.probation': { light: 'fill: #f0b429; fill-opacity: .16', dark: 'fill: #e3a008; fill-opacity: .16' },
  '.latency': { light: 'fill: #2f6fb2', dark: 'fill: #58a6ff' },
  '.failed': { light: 'fill: #d1242f', dark: 'fill: #ff6b60' },
  '.closed': { light: 'fill: #8250df', dark: 'fill: #b78bff' },
  '.good': { light: 'fill: #1a7f37', dark: 'fill: #3fb950' }
}

const FONTS = [
  'text { font: 12px system-ui, sans-serif }',
  '.title { font-size: 17px; font-weight: 600 }',
  '.name { font-size: 14px; font-weight: 600 }',
  '.figure { font-size: 20px; font-weight: 600 }',
  '.note { font-size: 11px }'
]

/** The style sheet: the colours follow the page around the picture. */
export const STYLE = [
  ...FONTS,
  ...rules('light'),
  `@media (prefers-color-scheme: dark) { ${rules('dark').join(' ')} }`
].join('\n')

function rules(mode: keyof Colours): string[] {
  return Object.entries(COLOURS).map(([selector, colours]) => `${selector} { ${colours[mode]} }`)
}
