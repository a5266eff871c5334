import type { ToParent } from './messages.js'

/**
 * What the launcher answers, as a parent would, to a server that has no parent: it is the first one, or its parent has
 * ended. It serves as soon as it can, and for good.
 */
export function answerAsParent(word: ToParent['type']): 'take over' | 'settled' | undefined {
  if (word === 'ready') return 'take over'
  return word === 'serving' ? 'settled' : undefined
}
