import { randomBytes } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import type { Field } from '../protocol/fields.js'
import {
  type FromLauncher,
  isFromLauncher,
  isToLauncher,
  LAUNCHER_PROTOCOL_VERSION,
  type ToLauncher
} from '../protocol/launcher-messages.js'
import { isToChild, isToParent, PROTOCOL_VERSION, type ToChild, type ToParent } from '../protocol/messages.js'

/** The messages, by receiver. */
export interface Messages {
  parent: ToParent
  child: ToChild
  launcher: ToLauncher
  server: FromLauncher
}

type Addressee = keyof Messages

/** A message as it goes over the channel. */
interface Sealed {
  /** The secret, by which the other end knows the message for one of ours. */
  readonly fastifyGracefulReload: string
  readonly version: number
  readonly to: Addressee
  /** The message, as v8 serializes it, in base64. */
  readonly words: string
}

const RULES: Readonly<Record<Addressee, { version: number; isValid: Field }>> = {
  parent: { version: PROTOCOL_VERSION, isValid: isToParent },
  child: { version: PROTOCOL_VERSION, isValid: isToChild },
  launcher: { version: LAUNCHER_PROTOCOL_VERSION, isValid: isToLauncher },
  server: { version: LAUNCHER_PROTOCOL_VERSION, isValid: isFromLauncher }
}

/** 128 bits, which cannot be guessed. */
const SECRET_BYTES = 16

/**
 * Seals what the two ends of one channel say to each other, and opens it again.
 *
 * The app may use the same channel for words of its own, and there are apps that pass on what a client has sent them:
 * `process.send(request.body)`. Such a client could say anything that a server may say to its launcher, "start a child
 * with this command" among it. Hence the secret, a new one for each process that is started: the process that starts it
 * leaves the secret in the environment with the handoff, and it is gone from there before the app runs. It defends
 * against what others put into the mouth of the app, not against the app itself or other processes of its user, who
 * could as well attach a debugger; so nothing is lost by comparing it in the ordinary way.
 *
 * The message travels as text within JSON, whatever the app says besides: a value that Node's deserializer rejects
 * makes Node throw where nobody can catch it, and JSON that JSON.stringify has made can always be parsed.
 */
export class Envelope {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  static newSecret(): string {
    return randomBytes(SECRET_BYTES).toString('base64url')
  }

  /** @throws {Error} when the message holds what cannot be serialized */
  seal<A extends Addressee>(to: A, message: Messages[A]): object {
    const words = serialize(message).toString('base64')
    return { fastifyGracefulReload: this.#secret, version: RULES[to].version, to, words } satisfies Sealed
  }

  /** Whether a message from the channel is one of ours, for any receiver. */
  isOurs(raw: unknown): raw is Sealed {
    return typeof raw === 'object' && raw !== null && (raw as Partial<Sealed>).fastifyGracefulReload === this.#secret
  }

  /** The message; undefined if it is not ours, has another receiver or version, or is malformed. */
  open<A extends Addressee>(to: A, raw: unknown): Messages[A] | undefined {
    if (!this.isOurs(raw) || raw.to !== to || raw.version !== RULES[to].version) return undefined
    try {
      const message: unknown = deserialize(Buffer.from(raw.words, 'base64'))
      return RULES[to].isValid(message) ? (message as Messages[A]) : undefined
    } catch {
      return undefined // No message at all.
    }
  }
}
