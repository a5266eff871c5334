import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import t from 'tap'
import { spareDescriptor } from '../../../lib/launcher/descriptor-table.js'

const skip = process.platform !== 'linux' && 'this system has no /proc'

t.test('a table that has grown is to begin as large in another process', { skip }, async (t) => {
  const opened = Array.from({ length: 300 }, () => openSync('/dev/null', 'r'))
  const slots = Number(/^FDSize:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  t.ok(slots >= 512, `${slots} slots`)
  t.equal(spareDescriptor(process.pid), slots / 2)
  for (const fd of opened) closeSync(fd)
  t.equal(spareDescriptor(process.pid), slots / 2, 'a table does not shrink')
})

t.test('a small one is not copied, nor that of a process that has ended', async (t) => {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
  t.equal(spareDescriptor(child.pid as number), undefined)
  child.stdin.end()
  await once(child, 'exit')
  t.equal(spareDescriptor(child.pid as number), undefined)
})
