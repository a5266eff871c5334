/** How many workers a launcher can have. */
export const MOST_WORKERS = 1024

/** The wanted number of workers: a number, or a change of the number at that time. */
export type WorkerCount = { readonly to: number } | { readonly by: number }

/** The resulting number of workers. */
export function countFrom(count: number, wanted: WorkerCount): number {
  return 'by' in wanted ? count + wanted.by : wanted.to
}
