const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** Bytes of a size as people write it (`4096`, `64KiB`, `1.5 GiB`), or NaN. */
export function parseSize(text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*(?:([KMGT])iB)?$/i.exec(text.trim())
  if (found === null) return Number.NaN
  const power = found[2] === undefined ? 0 : 'KMGT'.indexOf(found[2].toUpperCase()) + 1
  return Number(found[1]) * 1024 ** power
}

/** A number of bytes in the largest unit that it fills: `256 MiB`. */
export function formatSize(bytes: number): string {
  let power = 0
  while (bytes >= 1024 ** (power + 1) && power < UNITS.length - 1) power++
  const value = bytes / 1024 ** power
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[power]}`
}

/** As an option says it, exactly where it is whole KiB, and never too small. */
export function sizeOption(bytes: number): string {
  return `${Math.ceil(bytes / 1024)}KiB`
}

/** `1 worker`, `2 workers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** A whole number with its thousands marked. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
