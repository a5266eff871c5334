/** How many workers a launcher can have. */
export const MOST_WORKERS = 1024

/** How many workers somebody wants: so many, or more or fewer by so many than there are by then. */
export type WorkerCount = { readonly to: number } | { readonly by: number }

/** How many workers that makes of these. */
export function countFrom(count: number, wanted: WorkerCount): number {
  return 'by' in wanted ? count + wanted.by : wanted.to
}
