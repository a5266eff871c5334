import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Noting } from '../../../lib/connections/noting.js'
import { RequestRegister } from '../../../lib/connections/request-register.js'
import { tempFolder } from '../../support/temp-folder.js'

t.test('a request is noted as in progress from its first byte until the kernel has its answer', async (t) => {
  const { socket, client } = await connection(t)
  const register = RequestRegister.create()
  const closed: number[] = []
  const noting = Noting.begin(register.path, (ids) => closed.push(...ids))
  noting?.add(7, socket)
  const noted = () => register.read(10)(7)
  t.equal(noted(), 'untouched')
  client.write('GET / HT')
  while (noted() === 'untouched') await turn()
  t.equal(noted(), 'in progress')
  client.write('TP/1.1\r\nhost: a\r\n\r\n')
  while (noted() === 'in progress') await turn()
  t.equal(noted(), 'answered')
  t.equal(noting?.idOf(socket), 7)
  socket.destroy()
  while (closed.length === 0) await turn()
  t.strictSame(closed, [7])
  noting?.end()
  noting?.end()
  t.equal(noting?.isOn, false)
  register.close()
})

t.test('a full disk is found before anything is read, and the parent is told to keep nothing', async (t) => {
  const path = join(await tempFolder(t), 'full')
  try {
    // https://man7.org/linux/man-pages/man4/full.4.html; the name of it here is removed when it is opened.
    execFileSync('mknod', [path, 'c', '1', '7'], { stdio: 'ignore' })
  } catch {
    t.pass('only root can make such a file')
    return
  }
  const { socket } = await connection(t)
  const closed: number[] = []
  const noting = Noting.begin(path, (ids) => closed.push(...ids))
  t.equal(existsSync(path), false)
  t.equal(noting?.isOn, true)
  noting?.add(1, socket)
  noting?.add(2, socket)
  t.equal(noting?.isOn, false)
  while (closed.length < 2) await turn()
  t.strictSame(closed, [1, 2])
})

t.test('without a register nothing is noted', async (t) => {
  t.equal(
    Noting.begin(undefined, () => {}),
    undefined
  )
  t.equal(
    Noting.begin(join(await tempFolder(t), 'nothing'), () => {}),
    undefined
  )
})

/** A connection to a server, from both sides. */
async function connection(t: Test): Promise<{ socket: Socket; client: Socket }> {
  const server = createServer((_request, response) => response.end('x'))
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').resume()
  t.teardown(() => {
    client.destroy()
    server.close()
  })
  return { socket: await accepted, client }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
