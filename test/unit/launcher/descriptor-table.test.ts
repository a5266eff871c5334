import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { spareDescriptor } from '../../../lib/launcher/descriptor-table.js'

const skip = process.platform !== 'linux' && 'this system has no /proc'

t.test('a table that has grown is to begin as large in another process', { skip }, async (t) => {
  const opened = Array.from({ length: 300 }, () => openSync('/dev/null', 'r'))
  const slots = Number(/^FDSize:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  t.ok(slots >= 512, `${slots} slots`)
  const number = slots / 2
  t.equal(spareDescriptor(process.pid, []), number)
  for (const fd of opened) closeSync(fd)
  t.equal(spareDescriptor(process.pid, []), number, 'a table does not shrink')
  t.equal(spareDescriptor(process.pid, [number, number + 1, number + 3]), number + 2, 'each number has one use')
})

t.test('that of a process that has ended is not known', async (t) => {
  const child = spawn('true')
  await once(child, 'exit')
  t.equal(spareDescriptor(child.pid as number, []), undefined)
})

for (const [limit, isHeeded] of [
  [257, false],
  [300, false],
  [330, true]
] as const) {
  t.test(
    `under a limit of ${limit} descriptors, a start ${isHeeded ? 'has' : 'does without'} one`,
    { skip },
    async (t) => {
      // What holds the table has more room than what starts a process.
      const opened = Array.from({ length: 300 }, () => openSync('/dev/null', 'r'))
      const file = join(__dirname, '..', '..', '..', 'lib', 'launcher', 'descriptor-table.js')
      const code = `console.log(require(${JSON.stringify(file)}).spareDescriptor(${process.pid}, []))`
      const { stdout } = spawnSync('sh', ['-c', `ulimit -n ${limit}; exec "$0" -e "$1"`, process.execPath, code], {
        encoding: 'utf8'
      })
      for (const fd of opened) closeSync(fd)
      const slots = Number(/^FDSize:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
      t.equal(stdout, `${isHeeded && slots === 512 ? 256 : undefined}\n`)
    }
  )
}
