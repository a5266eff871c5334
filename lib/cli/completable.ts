import type { OptionTable } from './options.js'

/** What may follow a command. */
export interface Completable {
  readonly name: string
  readonly summary: string
  readonly options: OptionTable
  /** Its arguments without the name of an option. */
  readonly words: readonly string[]
}
