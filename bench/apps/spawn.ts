// A program with BENCH_HEAP mebibytes in its heap that starts others. Prints how long each start took (milliseconds),
// and its resident memory (bytes).
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const STARTS = 5

/** Small enough that the system has no large page for it, as with any heap. */
const BLOCK = 8192

async function main(): Promise<void> {
  const blocks = (Number(process.env.BENCH_HEAP) * 2 ** 20) / BLOCK
  const heap = Array.from({ length: blocks }, (_, block) =>
    Array.from({ length: BLOCK / 8 }, (_, item) => block + item)
  )
  const times: number[] = []
  for (let start = 0; start < STARTS; start += 1) {
    const begun = performance.now()
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
    times.push(performance.now() - begun)
    await once(child, 'exit')
  }
  console.log(JSON.stringify({ times, memory: process.memoryUsage.rss(), blocks: heap.length }))
}

void main()
