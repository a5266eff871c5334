// A primary of node:cluster with BENCH_WORKERS workers of the app, in the variant BENCH_VARIANT. SIGHUP replaces them
// one by one: the old worker is told to stop when the new one listens.
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { programOf, type Variant } from './apps/programs.js'

async function main(): Promise<void> {
  cluster.setupPrimary({ exec: programOf(process.env.BENCH_VARIANT as Variant) })
  const workers: Worker[] = []
  process.on('SIGHUP', async () => {
    for (const [index, worker] of [...workers].entries()) {
      workers[index] = await startWorker()
      await stopWorker(worker)
    }
  })
  process.on('SIGTERM', async () => {
    await Promise.all(workers.map(stopWorker))
    process.exit()
  })
  workers.push(...(await Promise.all(Array.from({ length: Number(process.env.BENCH_WORKERS) }, startWorker))))
}

async function startWorker(): Promise<Worker> {
  const worker = cluster.fork()
  await once(worker, 'listening')
  return worker
}

async function stopWorker(worker: Worker): Promise<void> {
  const gone = once(worker, 'exit')
  worker.process.kill('SIGTERM')
  await gone
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
