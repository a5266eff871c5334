/** What a page tells of a canvas of the live view. Lengths are pixels. */
export interface Drawn {
  width: number
  height: number
  /** The bytes of red, green, blue and opacity of all pixels, from the top left, in base64. */
  bytes: string
  layout: {
    left: number
    right: number
    /** How much of the past is shown. Milliseconds. */
    span: number
    axis: number
    failures: Band
    latencies: Band
    lanes: { top: number; size: number; gap: number }
    processes: { top: number; size: number; rows: number }
  }
  /** By name: red, green and blue. */
  colours: Record<string, number[]>
}

export interface Band {
  top: number
  bottom: number
}

/** Reads the canvas of one server, at once: no frame comes in between. */
export const READ = `async (name) => {
  const { layOut } = await import(new URL('layout.mjs', document.baseURI))
  for (let frame = 0; frame < 10; frame += 1) await new Promise(requestAnimationFrame)
  const canvas = document.querySelector('article[aria-label="' + name + '"] canvas')
  const context = canvas.getContext('2d')
  const rectangle = canvas.getBoundingClientRect()
  const layout = layOut(rectangle.width, rectangle.height, (text, font) => {
    context.font = font
    return context.measureText(text).width
  })
  const { width, height } = canvas
  const { data } = context.getImageData(0, 0, width, height)
  let bytes = ''
  for (let at = 0; at < data.length; at += 8192) bytes += String.fromCharCode(...data.subarray(at, at + 8192))
  const style = getComputedStyle(document.documentElement)
  const colours = {}
  for (const name of ['generation-1', 'generation-2', 'failed'])
    colours[name] = style.getPropertyValue('--' + name).trim().match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16))
  return { width, height, bytes: btoa(bytes), layout, colours }
}`
