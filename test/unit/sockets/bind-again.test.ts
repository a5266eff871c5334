import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bindAgain, NotBoundError } from '../../../lib/sockets/bind-again.js'
import { UnixPath } from '../../../lib/sockets/unix-path.js'
import { tempFolder } from '../../support/temp-folder.js'

/** Why a path cannot be bound again, alone and for a reload. */
function failureOf(path: UnixPath): NotBoundError {
  try {
    bindAgain(path).close()
  } catch (error) {
    if (error instanceof NotBoundError) return error
    throw error
  }
  throw new Error(`${path.path} has been bound`)
}

t.test('a path that is free is bound', async (t) => {
  const path = new UnixPath(join(await tempFolder(t), 'socket'))
  const handle = bindAgain(path)
  t.equal(existsSync(path.path), true)
  t.equal(path.isInPlace, true)
  handle.close()
})

t.test('a relative path is bound where the app was when it named it', async (t) => {
  const [folder, elsewhere, before] = [await tempFolder(t), await tempFolder(t), process.cwd()]
  t.teardown(() => process.chdir(before))
  process.chdir(folder)
  const path = new UnixPath('socket')
  process.chdir(elsewhere)
  const handle = bindAgain(path)
  t.equal(existsSync(join(folder, 'socket')), true)
  t.equal(existsSync('socket'), false)
  t.equal(path.isInPlace, true)
  handle.close()
})

t.test('each reason is told apart: another file, no folder, and what the system says', async (t) => {
  const folder = await tempFolder(t)
  const taken = join(folder, 'taken')
  writeFileSync(taken, 'theirs')
  const again = 'and the next reload binds the path again'
  t.match(failureOf(new UnixPath(taken)), {
    message: `another file is at ${taken}; remove it, ${again}`,
    ofReload: { code: 'GRACEFUL_ERR_PATH_TAKEN', message: new RegExp(`^cannot reload: another file is at ${taken}`) }
  })
  const lost = join(folder, 'run/socket')
  const reason = `the folder ${folder}/run does not exist, or this user may not enter it; create it, ${again}`
  t.match(failureOf(new UnixPath(lost)), {
    message: reason,
    ofReload: { code: 'GRACEFUL_ERR_PATH_LOST', message: new RegExp(`^cannot reload: .* ${lost}, .*: ${reason}$`) }
  })

  // As if the folder had gone, or were read-only, between the look and the call.
  const late = new UnixPath(join(folder, 'late'))
  late.temporaryName = () => join(folder, 'run/late')
  t.match(failureOf(late), {
    message: /cannot be bound/,
    ofReload: { code: 'GRACEFUL_ERR_PATH_LOST', cause: { message: /cannot be bound/ } }
  })
})
