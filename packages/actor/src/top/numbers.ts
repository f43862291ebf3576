/** Numbers of any size as a few characters, ASCII: each takes one column on every terminal. */

/** At most four characters: 0, 1.25, 12.5, 125. */
function threeDigits(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
}

interface Unit {
  readonly name: string
  /** So many of the unit before. */
  readonly of: number
}

/** In the largest unit of which there is one at least; `>999` and the last unit, if it is more. */
function scaled(value: number, first: string, units: readonly Unit[]): string {
  let left = value
  let name = first
  for (const unit of units) {
    // What would be rounded up to the next unit is of that.
    if (left < unit.of * 0.9995) break
    left /= unit.of
    name = unit.name
  }
  return left < 999.5 ? `${threeDigits(left)}${name}` : `>999${name}`
}

const THOUSANDS = ['k', 'M', 'G', 'T', 'P'].map((name) => ({ name, of: 1000 }))

/** A count, or a rate: at most five characters. */
export function countText(value: number): string {
  if (value >= 999.5 && value < 9999.5) return String(Math.round(value))
  return scaled(value, '', THOUSANDS)
}

const TIMES: readonly Unit[] = [
  { name: 'ms', of: 1000 },
  { name: 's', of: 1000 },
  { name: 'min', of: 60 },
  { name: 'h', of: 60 },
]

/** A time in microseconds: at most seven characters; a dash where there is none. */
export function timeText(micros: number | null): string {
  return micros === null ? '-' : scaled(micros, 'us', TIMES)
}

/** A long time in microseconds: `3d 02:10:11`. */
export function durationText(micros: number): string {
  const seconds = Math.floor(micros / 1e6)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const clock = `${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
  return seconds < 86_400 ? clock : `${Math.floor(seconds / 86_400)}d ${clock}`
}
