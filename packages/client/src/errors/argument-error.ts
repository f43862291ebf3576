import { inspect } from 'node:util'

/** Errors for bad arguments, in Node's own shapes: they name argument, range and value. */

function received(value: unknown): string {
  if (value === null || value === undefined) return `Received ${value}`
  if (typeof value === 'function') return `Received function ${value.name}`
  if (typeof value === 'object') {
    const name = value.constructor?.name
    return name ? `Received an instance of ${name}` : `Received ${inspect(value, { depth: -1 })}`
  }
  const text = inspect(value, { colors: false })
  return `Received type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`
}

/** `TypeError [ERR_INVALID_ARG_TYPE]`; `expected` reads on from "must be". */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const kind = name.includes('.') ? 'property' : 'argument'
  return coded(
    new TypeError(`The "${name}" ${kind} must be ${expected}. ${received(value)}`),
    'ERR_INVALID_ARG_TYPE',
  )
}

/** `RangeError [ERR_OUT_OF_RANGE]`; `range` reads on from "It must be". */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  const shown = typeof value === 'bigint' ? `${value}n` : String(value)
  return coded(
    new RangeError(
      `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`,
    ),
    'ERR_OUT_OF_RANGE',
  )
}

/** `TypeError [ERR_INVALID_ARG_VALUE]`; `reason` reads on from "The argument 'name'". */
export function invalidValue(name: string, reason: string, value: unknown): TypeError {
  return coded(
    new TypeError(`The argument '${name}' ${reason}. Received ${inspect(value, { depth: 0 })}`),
    'ERR_INVALID_ARG_VALUE',
  )
}

/**
 * Throws `TypeError [ERR_INVALID_ARG_VALUE]` for a property that `callee` does not know: a misspelt
 * one would have no effect, and nobody would hear of it. `name` is the argument's.
 */
export function refuseUnknown(
  given: object,
  name: string,
  callee: string,
  known: readonly string[],
): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const there = known.join(', ')
  throw coded(
    new TypeError(`"${name}.${unknown}" is no option of ${callee}. There are: ${there}`),
    'ERR_INVALID_ARG_VALUE',
  )
}

/** `RangeError [ERR_FS_FILE_TOO_LARGE]`: a whole file is read, and no Buffer can hold it. */
export function fileTooLarge(size: number, most: number): RangeError {
  return coded(
    new RangeError(`File size (${size}) is greater than ${most} bytes, which a Buffer can hold`),
    'ERR_FS_FILE_TOO_LARGE',
  )
}

/** `Error [ERR_INVALID_STATE]`: what is asked for cannot be done any more, or not twice. */
export function invalidState(reason: string): Error {
  return coded(new Error(`Invalid state: ${reason}`), 'ERR_INVALID_STATE')
}

/** As node:fs tells one: by what it can do, so that those of other realms are welcome. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    typeof (value as AbortSignal).addEventListener === 'function'
  )
}

function coded<E extends Error>(error: E, code: string): E & { code: string } {
  return Object.assign(error, { code })
}
