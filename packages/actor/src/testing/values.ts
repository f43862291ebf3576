/** Checks of single values of a plan or a rule; `name` is the value's. All throw Node's argument errors. */
import { constants } from 'node:os'
import { invalidType, invalidValue, outOfRange } from '@uring-actor/client/internal'

/** The negative errno of a name. */
export function errnoOf(value: unknown, name: string): number {
  const known: Record<string, number> = constants.errno
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value)
  if (!Object.hasOwn(known, value)) throw invalidValue(name, 'must be a name of errno(3)', value)
  return -known[value]
}

export function objectOf(value: unknown, name: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw invalidType(name, 'of type object', value)
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw invalidType(name, 'an instance of Array', value)
}

export function oneOf<T extends string>(value: unknown, name: string, known: readonly T[]): T {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value)
  if (!known.includes(value as T)) {
    throw invalidValue(name, `must be one of: ${known.join(', ')}`, value)
  }
  return value as T
}

export function flagOf(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalidType(name, 'of type boolean', value)
}

/** How likely something is. */
export function chanceOf(value: unknown, name: string): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value)
  if (!(value >= 0 && value <= 1)) throw outOfRange(name, '>= 0 && <= 1', value)
  return value
}

export function wholeOf(
  value: unknown,
  name: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(name, `an integer >= ${least} && <= ${most}`, value)
  }
  return value
}
