import { setTimeout } from 'node:timers/promises'

/**
 * The kinds of clients. Each has a number of them, a pause between two requests (milliseconds, on average), the pieces
 * of a request, and a check of the response that returns what is wrong with it.
 *
 * @param idlePause - the pause of the clients that are mostly idle
 */
export const kindsOfClients = (idlePause) => [
  {
    name: 'fresh connections',
    clients: 4,
    pause: 25,
    fresh: true,
    pieces: getRoot,
    complaint: expectBody(/"release":\d/)
  },
  { name: 'keep-alive GET', clients: 16, pause: 10, pieces: getRoot, complaint: expectBody(/"release":\d/) },
  { name: 'keep-alive POST', clients: 16, pause: 10, pieces: postEcho, complaint: expectBody(/^\{"ping":"pong"\}$/) },
  {
    name: 'mostly idle POST',
    clients: 16,
    pause: idlePause,
    pieces: postEcho,
    complaint: expectBody(/^\{"ping":"pong"\}$/)
  },
  {
    name: 'slow responses',
    clients: 6,
    pause: 50,
    pieces: getSlow,
    complaint: expectBody(/piece 10 of release \d\n$/)
  },
  { name: 'slow uploads', clients: 6, pause: 50, pieces: postUpload, complaint: expectBody(/^\{"bytes":80\}$/) }
]

const HOST = 'host: 127.0.0.1\r\n'

function getRoot() {
  return [`GET / HTTP/1.1\r\n${HOST}\r\n`]
}

function getSlow() {
  return [`GET /slow HTTP/1.1\r\n${HOST}\r\n`]
}

function postEcho() {
  return [`POST /echo HTTP/1.1\r\n${HOST}content-type: application/json\r\ncontent-length: 15\r\n\r\n{"ping":"pong"}`]
}

async function* postUpload() {
  yield `POST /upload HTTP/1.1\r\n${HOST}content-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n`
  for (let chunk = 0; chunk < 10; chunk += 1) {
    await setTimeout(120)
    yield '8\r\n8 bytes.\r\n'
  }
  yield '0\r\n\r\n'
}

function expectBody(pattern) {
  return ({ status, body }) =>
    status === 200 && pattern.test(body) ? undefined : `status ${status}: ${body.slice(0, 100)}`
}
