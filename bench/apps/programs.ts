import { join } from 'node:path'

/** What runs beside the app: nothing, this plugin, or close-with-grace for the stop. */
export type Variant = 'plain' | 'plugin' | 'close-with-grace'

/** The program of a variant. Each is a separate file, so that none loads what only another one needs. */
export function programOf(variant: Variant): string {
  return join(__dirname, `${variant}.js`)
}
