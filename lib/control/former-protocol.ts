import { ControlVersionError } from './errors.js'
import { toControlFailure } from './failure.js'
import { CONTROL_VERSION } from './messages.js'

/**
 * Version 1 of what commands and servers say to each other: a request and an answer, each a line of JSON. While a
 * release is rolled out, one side may still speak it; it gets an error that it can show, which names both versions.
 */

const FORMER_VERSION = 1

/** Whether the first byte of a connection begins a request of version 1: no method of HTTP begins with it. */
export function isFormer(bytes: Buffer): boolean {
  return bytes[0] === 0x7b // {
}

/** The answer to a command of version 1. */
export function answerFormer(): string {
  const why =
    `this process speaks version ${CONTROL_VERSION} of the control interface, which is HTTP, and the request is ` +
    `of version ${FORMER_VERSION}: use the command of the release that the server runs`
  const error = toControlFailure(new ControlVersionError(why))
  return `${JSON.stringify({ fastifyGracefulControl: FORMER_VERSION, error })}\n`
}

/**
 * The version of an answer that is a line of JSON in place of HTTP, by its beginning; undefined if another program has
 * sent it.
 */
export function formerVersionOf(answer: string): number | undefined {
  const version = /^\{"fastifyGracefulControl":(\d+)/.exec(answer)?.[1]
  return version === undefined ? undefined : Number(version)
}

/** The error of a command whose server speaks another version. */
export function otherVersion(path: string, version: number): Error {
  return new ControlVersionError(
    `the process at ${path} speaks version ${version} of the control interface, and this command version ` +
      `${CONTROL_VERSION}: use the command of the release that the server runs`
  )
}
