import type { Summary } from '../statistics.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const BLANK = '\u00a0'

/** Makes any text safe between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** A name for an anchor or a file: nothing that a path or a URL gives a meaning. */
export function slug(text: string): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return plain.replaceAll(/^-+|-+$/g, '') || 'unnamed'
}

/** Gives out names of which no two are equal. */
export function uniqueNames(): (wanted: string) => string {
  const used = new Set<string>()
  return (wanted) => {
    let name = wanted
    for (let number = 2; used.has(name); number++) name = `${wanted}-${number}`
    used.add(name)
    return name
  }
}

/** Three digits of a small number, all of a large one. */
export function plainNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return Math.abs(value) >= 1000
    ? value.toLocaleString('en-US', { maximumFractionDigits: 0 })
    : value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

/** A count in thousands or millions where it has so many: `612 k`. */
export function shortCount(value: number): string {
  if (Math.abs(value) >= 999_500) return `${plainNumber(value / 1e6)}${BLANK}M`
  return Math.abs(value) >= 1000 ? `${plainNumber(value / 1e3)}${BLANK}k` : plainNumber(value)
}

/** A time in the unit that suits it. */
export function duration(micros: number): string {
  if (micros === 0) return '0'
  if (micros >= 999_500) return `${plainNumber(micros / 1e6)}${BLANK}s`
  if (micros >= 999.5) return `${plainNumber(micros / 1e3)}${BLANK}ms`
  return micros >= 1 ? `${plainNumber(micros)}${BLANK}µs` : `${plainNumber(micros * 1e3)}${BLANK}ns`
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}${BLANK}%`
}

/** A ratio with its spread, as people read it: `5.21× (4.98–5.40)`. */
export function ratioText({ median, min, max }: Summary): string {
  return `${ratioNumber(median)}×${spreadText(min, max, ratioNumber)}`
}

/** Zeros at its end are told: `1.00` says more of a ratio than `1`. */
export function ratioNumber(value: number): string {
  if (Math.abs(value) >= 1000) return plainNumber(value)
  const digits = { minimumSignificantDigits: 3, maximumSignificantDigits: 3 }
  return value.toLocaleString('en-US', digits)
}

/** From the least to the most, in brackets; nothing where they read the same. */
export function spreadText(min: number, max: number, format: (value: number) => string): string {
  const [least, most] = [format(min), format(max)]
  if (least === most) return ''
  const [number, unit] = least.split(BLANK)
  // A unit that both have is said once.
  const begin = unit !== undefined && unit === most.split(BLANK)[1] ? number : least
  return ` (${begin}–${most})`
}

/** As much of a text as fits into so many characters, with a sign where it goes on. */
export function shortened(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1))}…`
}

/** A list as a sentence has it: `a, b and c`. */
export function listText(items: readonly string[]): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** As a sentence begins. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A link to the section of a comparison. */
export function sectionLink({ name, title }: { name: string; title: string }): string {
  return `<a href="#${encodeURIComponent(name).replaceAll("'", '%27')}">${escapeHtml(title)}</a>`
}
