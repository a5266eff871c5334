/** https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
export const CLOSE_CODES = { goingAway: 1001, serviceRestart: 1012 } as const

/** A close frame of a server: https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1 */
export function closeFrame(code: number): Buffer {
  return Buffer.from([0x88, 2, code >> 8, code & 0xff])
}
