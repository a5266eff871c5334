/**
 * How one open connection passes from the process that has it, the giver, to another one, the taker. Each has a
 * machine, and they talk over a channel that keeps the order. At any time, only one of the two may read from the
 * connection, and until the taker has taken it, that is the giver. The giver stops reading before it offers, so the
 * client's bytes wait in the kernel.
 *
 * The channel can lose a handle silently, if the taker has no descriptor left. A question behind the offer finds that
 * out.
 */

/**
 * What is given. This decides about the steps.
 *
 * - `http`: an idle connection, from parent to child. Once the child has said `taken`, it has the connection for good.
 * - `websocket`: from parent to child. The parent's app can write at any time, so the parent decides after `taken`
 *   whether it releases the connection or keeps it. At that moment it asks the route for the state, which goes with the
 *   release. If the parent ends without having kept it, the child has it. If the child is silent for too long, the
 *   parent takes it back, and closes it so that the client connects again.
 * - `surplus`: between a worker and the launcher. As with `websocket`, but after a silence the giver serves the
 *   connection itself, or gives it to another process. For that reason the taker never has it without a release.
 */
export type Move = 'http' | 'websocket' | 'surplus'

/**
 * What the giver says about a connection that it has offered. `sent`: a question, behind a handle that may have been
 * lost.
 */
export type GiverWord = 'sent' | 'released' | 'kept'

/** What the taker says. It reads nothing before it has said `taken`. */
export type TakerWord = 'taken' | 'refused'

/**
 * How it ended for the giver, which has the connection if it `stays` or was `refused`. `abandoned`: the taker was
 * silent for too long, and is given no more; with `http` the connection is the taker's if that wakes up, and else ends
 * with it.
 */
export type GiverOutcome = 'moved' | 'stays' | 'refused' | 'closed' | 'abandoned'

export interface Giver {
  readonly move: Move
  /**
   * - `asked`: the giver has sent the question whether the handle has arrived.
   * - `releasing`: the word is on its way; the handle is kept until it is with the kernel.
   * - `late`: the connection is the giver's again. The taker does not know, and learns it when it answers.
   */
  readonly at: 'offered' | 'asked' | 'releasing' | 'late' | 'over'
  /** Nothing is to move any more. */
  readonly stopped: boolean
}

export type GiverInput =
  /** The release is with the kernel. */
  | { readonly type: 'sent' }
  /**
   * The offer, or the release, certainly is not. A question that cannot be sent is no input: the answer may be on its
   * way all the same.
   */
  | { readonly type: 'not sent' }
  /** `atRest`: nothing is half sent or half received, and the client has not closed it. */
  | { readonly type: 'taken'; readonly atRest: boolean }
  | { readonly type: 'refused' }
  /** The taker or its channel has ended, and all its messages have been read. */
  | { readonly type: 'taker ended' }
  /** The process that passes the messages on has ended. The taker may live, and its messages may be lost. */
  | { readonly type: 'taker out of reach' }
  /** The connection was closed here. */
  | { readonly type: 'closed' }
  | { readonly type: 'stop' }
  | { readonly type: 'due' }

export type GiverEffect =
  | { readonly do: 'offer' }
  | { readonly do: 'say'; readonly word: GiverWord }
  /** Serves the connection, or may give it to another process. */
  | { readonly do: 'read on' }
  /** Closes this process's copy, which the client does not notice. */
  | { readonly do: 'let go' }
  /**
   * At most one wait at a time. `answer`: until the giver sends a question; `limit`: until the giver waits no longer.
   */
  | { readonly do: 'wait'; readonly timer: 'answer' | 'limit' }
  | { readonly do: 'cancel' }
  | { readonly do: 'conclude'; readonly outcome: GiverOutcome }
  /** No answer of the taker is expected any more. */
  | { readonly do: 'forget' }

export type GiverStep = readonly [Giver, readonly GiverEffect[]]

/** Offers a connection on which reading has stopped. */
export function offer(move: Move): GiverStep {
  return [{ move, at: 'offered', stopped: false }, [{ do: 'offer' }, { do: 'wait', timer: 'answer' }]]
}

/** What the giver does about an input. */
export function give(giver: Giver, input: GiverInput): GiverStep {
  switch (giver.at) {
    case 'offered':
    case 'asked':
      return awaitAnswer(giver, input)
    case 'releasing':
      if (input.type === 'sent') return end(giver, 'moved', { do: 'let go' })
      return input.type === 'not sent' || isLost(input) ? stay(giver, 'stays') : [giver, []]
    case 'late':
      return hearLate(giver, input)
    case 'over':
      return [giver, []]
    default:
      return giver.at satisfies never
  }
}

/** Whether the connection would be released if it were at rest and the taker said `taken` now. */
export function wouldRelease({ at, stopped }: Giver): boolean {
  return (at === 'offered' || at === 'asked') && !stopped
}

function awaitAnswer(giver: Giver, input: GiverInput): GiverStep {
  switch (input.type) {
    case 'sent':
      return [giver, []]
    case 'taken':
      return taken(giver, input.atRest)
    case 'not sent':
    case 'refused':
    case 'taker ended':
      return stay(giver, 'refused')
    case 'taker out of reach':
      // It may have taken the connection, and read from it. Only one that the taker waits to be released can come back.
      return giver.move === 'http' ? end(giver, 'abandoned', { do: 'let go' }) : stay(giver, 'refused')
    case 'closed':
      return giver.move === 'http' ? end(giver, 'closed') : takeBack(giver, 'closed')
    case 'stop':
      return [{ ...giver, stopped: true }, []]
    case 'due':
      return giver.at === 'offered' ? ask(giver) : giveUp(giver)
    default:
      return input satisfies never
  }
}

const isLost = ({ type }: GiverInput): boolean => type === 'taker ended' || type === 'taker out of reach'

function hearLate(giver: Giver, input: GiverInput): GiverStep {
  const { type } = input
  const kept: GiverEffect[] = type === 'taken' ? [{ do: 'say', word: 'kept' }] : []
  const isAnswered = type === 'taken' || type === 'refused' || type === 'not sent' || isLost(input)
  return isAnswered ? [{ ...giver, at: 'over' }, [...kept, { do: 'forget' }]] : [giver, []]
}

function taken(giver: Giver, atRest: boolean): GiverStep {
  if (giver.move === 'http') return end(giver, 'moved', { do: 'let go' })
  if (!atRest || giver.stopped) return stay(giver, 'stays', { do: 'say', word: 'kept' })
  if (giver.move === 'surplus')
    return [{ ...giver, at: 'releasing' }, [{ do: 'cancel' }, { do: 'say', word: 'released' }]]
  // First, the app must no longer be able to write.
  return end(giver, 'moved', { do: 'let go' }, { do: 'say', word: 'released' })
}

function ask(giver: Giver): GiverStep {
  return [
    { ...giver, at: 'asked' },
    [
      { do: 'say', word: 'sent' },
      { do: 'wait', timer: 'limit' }
    ]
  ]
}

/** The taker keeps a connection that it may read from. The giver takes back one that would have to be released. */
function giveUp(giver: Giver): GiverStep {
  if (giver.move === 'http') return end(giver, 'abandoned', { do: 'let go' })
  return takeBack(giver, giver.move === 'surplus' ? 'stays' : 'abandoned', { do: 'read on' })
}

function takeBack(giver: Giver, outcome: GiverOutcome, ...effects: GiverEffect[]): GiverStep {
  return [{ ...giver, at: 'late' }, [{ do: 'cancel' }, ...effects, { do: 'conclude', outcome }]]
}

function stay(giver: Giver, outcome: GiverOutcome, ...effects: GiverEffect[]): GiverStep {
  return end(giver, outcome, ...effects, { do: 'read on' })
}

function end(giver: Giver, outcome: GiverOutcome, ...effects: GiverEffect[]): GiverStep {
  return [{ ...giver, at: 'over' }, [{ do: 'cancel' }, ...effects, { do: 'conclude', outcome }, { do: 'forget' }]]
}
