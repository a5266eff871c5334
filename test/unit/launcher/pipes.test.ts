import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { Pipes } from '../../../lib/launcher/pipes.js'
import { HAS_PROC } from '../../support/fds.js'

const skip = HAS_PROC ? false : 'there is no /proc'

t.test('what servers write is passed on while somebody reads, and then lost', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'graceful-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const path = join(folder, 'fifo')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, 'w')
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.removeListener('warning', onWarning))

  t.strictSame(new Pipes([reader]).numbers, [], 'one to read from is no such pipe')
  const pipes = new Pipes([reader, writer])
  t.strictSame(pipes.numbers, [writer])
  for (let number = 0; number < 20; number++) {
    const source = new PassThrough()
    pipes.follow(writer, source)
    source.end('x')
    await once(source, 'close')
  }
  const buffer = Buffer.alloc(100)
  t.equal(readSync(reader, buffer), 20)

  const [talkative, late] = [new PassThrough(), new PassThrough()]
  pipes.follow(writer, talkative)
  closeSync(reader)
  for (let count = 0; count < 10; count++) {
    if (!talkative.write(Buffer.alloc(100_000))) await once(talkative, 'drain')
  }
  t.strictSame(pipes.numbers, [])
  pipes.follow(writer, late)
  late.end('x')
  await once(late, 'close')
  t.strictSame(warnings, [])
})
