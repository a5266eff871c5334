import { UnknownOptionError } from '../errors.js'
import { closest } from './closest.js'

/**
 * The error for an option, or a part of one, that does not exist.
 *
 * @param place - its whole name, such as `signals.hup`
 * @param name - the last part of that
 * @param known - what can stand in its place
 */
export function unknownOption(place: string, name: string, known: readonly string[]): Error {
  const meant = closest(name, known)
  const hint = meant === undefined ? '; known' : `; did you mean ${meant}? Known`
  return new UnknownOptionError(`${place}${hint} options: ${known.join(', ')}`)
}
