import { serialize } from 'node:v8'
import type { Target } from './connection.js'
import { HttpConnection } from './connection.js'

/**
 * What a client may send to an app that calls `process.send(request.body)`. `marker`: a file that a command would
 * make.
 */
export function forgeries(marker: string): Array<[what: string, message: unknown]> {
  const command = { file: '/usr/bin/touch', args: [marker], cwd: '/', env: {} }
  const startChild = { type: 'start child', child: 7, command, generation: 2, listeners: [] }
  const error = { name: 'Error', message: 'forged' }
  const words: object[] = [
    startChild,
    { type: 'tell child', child: 7, message: null },
    { type: 'listening', id: 1, key: 7 },
    { type: 'serves' },
    { type: 'reported' },
    { type: 'reload made' },
    { type: 'leaves', isError: false },
    { type: 'reload failed', id: 0, error },
    { type: 'failed', error, stderr: [] },
    { type: 'roll back', reason: 'forged' },
    { type: 'stopping', reason: 'forged' }
  ]
  const keys = ['fastifyGracefulReload', 'fastifyGracefulLauncher']
  const plain = words.flatMap((word) => keys.flatMap((key) => [2, 3].map((version) => ({ [key]: version, ...word }))))
  const sealed = [startChild, { type: 'roll back', reason: 'forged' }].flatMap((word) =>
    ['launcher', 'parent'].flatMap((to) =>
      ['', null, 'guessed'].map((fastifyGracefulReload) => {
        return { fastifyGracefulReload, version: 3, to, words: serialize(word).toString('base64') }
      })
    )
  )
  const ofNode = [
    { cmd: 'NODE_HANDLE_ACK' },
    { cmd: 'NODE_HANDLE_NACK' },
    { cmd: 'NODE_HANDLE' },
    { cmd: 'NODE_HANDLE', type: 'net.Nothing', msg: {} },
    { cmd: 'NODE_SOCKET_GET_COUNT' }
  ]
  return [...plain, ...sealed, ...ofNode, null, 0, '', [], {}, { type: 'start child' }].map((message) => [
    JSON.stringify(message).slice(0, 60),
    message
  ])
}

/**
 * Nested lists. The serializer of V8 can still write some of them, but its deserializer cannot read them, because it
 * needs more of the stack. Which ones, depends on the version of Node.
 */
export const DEPTHS = Array.from({ length: 100 }, (_, index) => 1500 + 25 * index)

/** Posts it, and returns what the app learned about its delivery. */
export async function post(target: Target, path: string, body: string): Promise<string> {
  const connection = await HttpConnection.open(target)
  const headers = { 'content-type': 'application/json' }
  const answer = await connection.request({ method: 'POST', path, headers, body })
  connection.close()
  return answer.body
}
