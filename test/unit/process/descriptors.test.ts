import { closeSync, fstatSync, openSync } from 'node:fs'
import t from 'tap'
import { AppDescriptors, inheritedAmong } from '../../../lib/process/descriptors.js'

/** The descriptors that Node 20 opens at its start, from its first number on. It skips numbers that are in use. */
function afterStart(inherited: Record<number, string>, without: number[] = []) {
  const node = [
    '[eventpoll]',
    'pipe 1',
    'pipe 1',
    'pipe 2',
    'pipe 2',
    '[eventfd]',
    'null',
    '[eventpoll]',
    'pipe 3',
    'pipe 3'
  ]
  const numbers = Array.from({ length: 60 }, (_, fd) => fd)
  const own = [
    ...node,
    '[eventfd]',
    '[eventpoll]',
    'pipe 4',
    'pipe 4',
    '[eventfd]',
    'file of the app',
    'socket of the app'
  ]
  const earlier: string[] = ['pipe:[7]']
  return numbers.flatMap((fd) => {
    const name = fd < 3 ? 'tty' : (inherited[fd] ?? own.shift())
    if (name === undefined) return []
    const link = name.startsWith('[')
      ? `anon_inode:${name}`
      : name.replace(/^pipe (\d)/, 'pipe:[$1]').replace('null', '/dev/null')
    const isWriteOnly = link.startsWith('pipe:') && earlier.includes(link)
    earlier.push(link)
    return [{ fd, link, closesOnExec: !without.includes(fd), isWriteOnly }]
  })
}

const CASES: Array<[title: string, open: ReturnType<typeof afterStart>, found: number[]]> = [
  ['nothing', afterStart({}), []],
  ['a pipe and a lock', afterStart({ 3: 'pipe 7', 9: '/run/lock' }), [3, 9]],
  ['a number that Node does not look at', afterStart({ 40: 'pipe 7' }, [40]), [40]],
  [
    'many',
    afterStart(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [index + 3, 'socket:[1]']))),
    Array.from({ length: 20 }, (_, index) => index + 3)
  ],
  ['/dev/null, both ends of a pipe', afterStart({ 3: 'null', 4: 'pipe 8', 5: 'pipe 8' }), [3, 4, 5]],
  ['no /proc', [], []]
]

t.test('what was there before Node', async (t) => {
  for (const [title, open, found] of CASES) t.strictSame(inheritedAmong(open), found, title)
})

t.test('sockets go to the lowest numbers that the app does not know', async (t) => {
  t.strictSame(new AppDescriptors([]).placesFor(2), [3, 4])
  t.strictSame(new AppDescriptors([3, 5, 9]).placesFor(3), [4, 6, 7])
})

t.test('each number of a child leads to what it leads to here, or nowhere', async (t) => {
  const [open, closed] = [openSync(__filename, 'r'), openSync(__filename, 'r')]
  const descriptors = new AppDescriptors([open, closed])
  closeSync(closed)
  const another = openSync('/dev/zero', 'r')
  t.teardown(() => [open, another].map((fd) => closeSync(fd)))
  t.equal(another, closed, 'something else has its number')
  const stdio = descriptors.lend({ sockets: [1, 0] }, (entries) => [...entries])
  t.strictSame(stdio.slice(0, 3), ['inherit', 'inherit', 'inherit'])
  t.equal(stdio[open], open)
  t.type(stdio[closed], 'number')
  t.not(stdio[closed], closed)
  const places = descriptors.placesFor(3)
  t.strictSame(
    places.map((fd) => stdio[fd]),
    [1, 0, 'ipc']
  )
  t.equal(
    descriptors.lend({ sockets: [1], relayed: [open] }, (entries) => entries[open]),
    'pipe'
  )
  const spare = descriptors.lend({ sockets: [1], spare: 300 }, (entries) => [...entries])
  t.equal(spare.length, 301)
  t.type(spare[300], 'number')
  t.ok(spare.slice(closed + 1, 300).every((entry) => entry === 'ignore'))
  t.strictSame(descriptors.keptBeside([open]), [closed], 'what crosses as a listener has no other use')
})

t.test('only what made the table large is closed', async (t) => {
  const [nothing, file] = [openSync('/dev/null', 'r'), openSync(__filename, 'r')]
  AppDescriptors.closeSpare(file)
  AppDescriptors.closeSpare(nothing)
  AppDescriptors.closeSpare(undefined)
  t.ok(fstatSync(file).isFile())
  if (process.platform === 'linux') t.throws(() => fstatSync(nothing), { code: 'EBADF' })
  closeSync(file)
})
