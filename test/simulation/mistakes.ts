/** Deliberate mistakes in a machine: the simulation has to find each of them. */

/** The rules that a machine must keep, each of which has been broken somewhere before. */
export const RULES = {
  words: 'what somebody has said counts more than a timer',
  duty: 'nobody lets go of a duty before somebody else has it',
  limit: 'every wait has a limit',
  end: 'the end of another process is known without its word',
  silence: 'a process that does not answer does not work',
  worker: 'no worker is given up',
  owner: 'a connection has one owner',
  fair: 'who has the least gets the next',
  outside: 'what is not the protocol cannot throw into it',
  work: 'no process is killed at work before its time is over',
  time: 'what somebody waits for gets its time'
} as const

export interface Mistake<M> {
  readonly rule: keyof typeof RULES
  readonly title: string
  readonly machine: M
  /** What the simulation says about it. */
  readonly found: RegExp
}

type Step<S, I, E> = (state: S, input: I) => readonly [S, readonly E[]]

/** Ways to make a right step a wrong one; `machineOf` is the machine with that step. */
export function slipsOf<S, I, E, M>(right: Step<S, I, E>, machineOf: (step: Step<S, I, E>) => M) {
  /** Goes on from the right step. */
  const altered = (change: (step: ReturnType<Step<S, I, E>>, state: S, input: I) => ReturnType<Step<S, I, E>>): M =>
    machineOf((state, input) => change(right(state, input), state, input))
  return {
    altered,
    /** Forgets some of its effects. */
    without: (isForgotten: (effect: E) => boolean): M =>
      altered(([next, effects]) => [next, effects.filter((effect) => !isForgotten(effect))]),
    /** Hears something else, or nothing. */
    hearing: (say: (state: S, input: I) => I | undefined): M =>
      machineOf((state, input) => {
        const heard = say(state, input)
        return heard === undefined ? [state, []] : right(state, heard)
      }),
    /** Believes, after some inputs, that it has heard one more. */
    believing: (say: (state: S, input: I) => I | undefined): M =>
      altered(([next, effects], state, input) => {
        const more = say(state, input)
        if (more === undefined) return [next, effects]
        const [last, others] = right(next, more)
        return [last, [...effects, ...others]]
      })
  }
}
