import type { ComingBack } from './coming-back.js'
import { comingBackGoals } from './coming-back-table.js'
import type { Result } from './comparison.js'
import { comparisonGoals } from './comparison-table.js'
import type { Feel } from './feel.js'
import { feelGoals } from './feel-table.js'
import type { Goal } from './goals.js'
import type { Migration } from './migration.js'
import { migrationGoals } from './migration-table.js'
import { plugin } from './plugin.js'
import { type ReloadRound, reloadTimeGoals } from './reload-time.js'
import type { Saves } from './saves.js'
import { savesGoals } from './saves-table.js'
import type { Spawnings } from './spawn.js'
import type { Measurement } from './throughput.js'
import type { WorkersTables } from './workers.js'

/** What the parts of a run have measured; undefined: that part was not run. */
export interface Results {
  comparison: Result[] | undefined
  feel: Feel | undefined
  migration: Migration | undefined
  comingBack: ComingBack | undefined
  throughput: Measurement[][] | undefined
  reloadTime: ReloadRound[] | undefined
  spawnings: Spawnings | undefined
  workers: WorkersTables | undefined
  saves: Saves[] | undefined
  /** Sentences on what was left out, and why. */
  omissions: readonly string[]
}

/** The goals of all parts that were run. */
export function goalsOf({ comparison, feel, migration, comingBack, reloadTime, saves }: Results): Goal[] {
  return [
    comparison && comparisonGoals(comparison, plugin),
    feel && feelGoals(feel),
    migration && migrationGoals(migration),
    comingBack && comingBackGoals(comingBack),
    reloadTime && reloadTimeGoals(reloadTime),
    saves && savesGoals(saves)
  ].flatMap((goals) => goals ?? [])
}
