import type { Move, TakerWord } from './connection.js'

/** The taker of a connection: the other side of what `connection.ts` describes. */
export interface Taker {
  readonly move: Move
  /**
   * - `saying`: the answer `taken` is not yet with the kernel.
   * - `waiting`: for the giver to release the connection or to keep it.
   * - `unsure`: the giver cannot be reached. Either it has ended, which is soon known, or it has the connection.
   */
  readonly at: 'saying' | 'waiting' | 'unsure' | 'over'
}

export type TakerInput =
  /** The answer `taken` is with the kernel, or certainly is not. */
  | { readonly type: 'sent' }
  | { readonly type: 'not sent' }
  | { readonly type: 'released' }
  | { readonly type: 'kept' }
  /** The giver has ended, and all its messages have been read. */
  | { readonly type: 'giver ended' }
  /** The channel has ended; the giver may live. */
  | { readonly type: 'cut off' }
  | { readonly type: 'due' }

export type TakerEffect =
  | { readonly do: 'say'; readonly word: TakerWord }
  /** Reads from the connection: this process has it. */
  | { readonly do: 'accept' }
  /** Closes this process's copy. */
  | { readonly do: 'close' }
  | { readonly do: 'wait' }
  | { readonly do: 'cancel' }

export type TakerStep = readonly [Taker, readonly TakerEffect[]]

/** Answers an offer. `able`: the handle has arrived, and there is a server with room for it. */
export function take(move: Move, able: boolean): TakerStep {
  if (!able) return [{ move, at: 'over' }, [{ do: 'close' }, { do: 'say', word: 'refused' }]]
  return [{ move, at: move === 'http' ? 'saying' : 'waiting' }, [{ do: 'say', word: 'taken' }]]
}

/** What the taker does about an input. */
export function receive(taker: Taker, input: TakerInput): TakerStep {
  if (taker.at === 'over') return [taker, []]
  switch (input.type) {
    case 'sent':
      return taker.move === 'http' ? end(taker, 'accept') : [taker, []]
    case 'released':
      return end(taker, 'accept')
    case 'kept':
      return end(taker, 'close')
    case 'giver ended':
      // A giver that can give it to another process may have done so.
      return end(taker, taker.move === 'surplus' ? 'close' : 'accept')
    case 'not sent':
    case 'cut off':
      return [{ ...taker, at: 'unsure' }, [{ do: 'wait' }]]
    case 'due':
      return taker.at === 'unsure' ? end(taker, 'close') : [taker, []]
    default:
      return input satisfies never
  }
}

function end(taker: Taker, how: 'accept' | 'close'): TakerStep {
  return [{ ...taker, at: 'over' }, [{ do: 'cancel' }, { do: how }]]
}
