import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LineOutput } from '../../../lib/launcher/line-output.js'
import { FullPipe } from '../../support/full-pipe.js'
import { tempFolder } from '../../support/temp-folder.js'

const skip = process.platform === 'linux' ? false : 'another process can make the pipe a blocking one here'

t.test('a line waits for its reader, and the process for nobody', { skip }, async (t) => {
  const pipe = await FullPipe.make(t)
  const output = new LineOutput(pipe.openBlocking())
  for (const line of ['first', 'second']) output.write(line)
  await pipe.until(/\.first\nsecond\n$/)
  output.write('third')
  await pipe.until(/second\nthird\n$/)
})

t.test('too many lines are counted', { skip }, async (t) => {
  const pipe = await FullPipe.make(t)
  const output = new LineOutput(pipe.openBlocking())
  for (let number = 1; number <= 1500; number++) output.write(`line ${number}`)
  await pipe.until(/line 1000\nfastify-graceful-reload\[\d+\]: 500 lines are missing here: nobody read this log\n$/)
  output.write('next')
  await pipe.until(/log\nnext\n$/)
})

t.test('a line that nobody will ever read is an error, and waits no longer', { skip }, async (t) => {
  const path = join(await tempFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  t.teardown(() => closeSync(writer))
  const output = new LineOutput(writer)
  output.write('read')
  closeSync(reader)
  for (const line of ['first', 'second']) t.throws(() => output.write(line), { code: 'EPIPE' })
})
