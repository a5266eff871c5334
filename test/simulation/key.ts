import type { World } from './world.js'

/** A number for each different world, so that none is searched twice. 53 bits: two of a million meet once in ten thousand runs. */
export function keyOf(world: World): number {
  const processes = world.processes.map((process) =>
    process.life === 'over'
      ? [process.toParent, process.end, process.confirmed, process.settled]
      : [{ ...process, timers: process.timers.map(({ timer }) => timer).sort(), works: sorted(process.works) }]
  )
  const { asks, budget, stops, excuse, broken } = world
  return numberOf(JSON.stringify([processes, asks, budget, stops, excuse, broken]))
}

function sorted(works: World['processes'][number]['works']): string[] {
  return works.map(({ name, of }) => `${name}${of}`).sort()
}

/** cyrb53, by bryc, in the public domain. */
export function numberOf(text: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}
