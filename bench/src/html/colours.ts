import type { CaseResult } from '../results/results.ts'

/**
 * Every colour, for light and for dark surroundings. Charts name them as custom properties of CSS,
 * so that one drawing serves both; pictures of their own get the light ones put in.
 */
export const COLOURS = {
  paper: ['#ffffff', '#12161c'],
  panel: ['#f6f8fa', '#1a2029'],
  ink: ['#1b2430', '#e6ebf2'],
  muted: ['#566173', '#a3afbf'],
  line: ['#dfe4ea', '#2d3643'],
  axis: ['#98a2b0', '#5c6878'],
  link: ['#0b57c2', '#82b4ff'],
  good: ['#1a7f3c', '#5ecb85'],
  bad: ['#b3261e', '#ff9088'],
  warn: ['#8a5a00', '#f0c052'],
  ours: ['#0b62d6', '#6ea8ff'],
  'ours-2': ['#5a3fd6', '#a795ff'],
  'ours-3': ['#00808a', '#3fc8c0'],
  limit: ['#6b7280', '#9aa3b2'],
  'peer-1': ['#d1480a', '#ff8f57'],
  'peer-2': ['#2a8f4f', '#5ecb85'],
  'peer-3': ['#b5379b', '#f08fd8'],
  'peer-4': ['#9a7400', '#e0b93f'],
  'peer-5': ['#0f8799', '#4fc4d8'],
  'peer-6': ['#7a4a2b', '#c89a78'],
  'peer-7': ['#6d5bd0', '#b3a6ff'],
  'peer-8': ['#c23b4a', '#ff8a93'],
  'part-1': ['#0b62d6', '#6ea8ff'],
  'part-2': ['#f0a23c', '#f0b458'],
  'part-3': ['#2a8f4f', '#5ecb85'],
  'part-4': ['#b5379b', '#f08fd8'],
  'heat-1': ['#dceafb', '#142a47'],
  'heat-2': ['#b9d6f6', '#1a3d6b'],
  'heat-3': ['#8dbcee', '#21528f'],
  'heat-4': ['#5d9de2', '#2f6bb5'],
  'heat-5': ['#347cd0', '#4a89d8'],
  'heat-6': ['#1c5cae', '#74a9ec'],
  'heat-7': ['#123f80', '#a5c9f7'],
  'heat-8': ['#0a2650', '#dcebff'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>

export type Colour = keyof typeof COLOURS

export const HEAT_LEVELS = 8
const PEERS = 8
const OURS: readonly Colour[] = ['ours', 'ours-2', 'ours-3']

/** A colour as CSS and SVG name it. */
export function cssColour(colour: Colour): string {
  return `var(--${colour})`
}

/** Puts the light colours in the place of their names: in attributes only, never in texts. */
export function withLightColours(svg: string): string {
  return svg.replaceAll(/"var\(--([a-z0-9-]+)\)"/g, (whole, name: string) =>
    name in COLOURS ? `"${COLOURS[name as Colour][0]}"` : whole,
  )
}

/** One colour for each name: ours are blue, the limit is grey, and peers are neither. */
export function caseColours(cases: readonly CaseResult[]): Map<string, Colour> {
  const colours = new Map<string, Colour>()
  const drawn = { ours: 0, peer: 0, limit: 0 }
  for (const { name, role } of cases) {
    if (colours.has(name)) continue
    const index = drawn[role]++
    if (role === 'ours') colours.set(name, OURS[index % OURS.length]!)
    else if (role === 'limit') colours.set(name, 'limit')
    else colours.set(name, `peer-${(index % PEERS) + 1}` as Colour)
  }
  return colours
}

/** How a case's line is told from the others. */
export interface LineLook {
  readonly colour: Colour
  /** Undefined for a line without gaps. */
  readonly dash: readonly number[] | undefined
  readonly bold: boolean
}

/** A look for each name: where the colours begin anew, the lines are dotted. */
export function lineLooks(cases: readonly CaseResult[]): Map<string, LineLook> {
  const used = new Set<Colour>()
  const roles = new Map(cases.map(({ name, role }) => [name, role]))
  const looks = [...caseColours(cases)].map(([name, colour]) => {
    const role = roles.get(name)
    const again = used.has(colour)
    used.add(colour)
    const dash = role === 'limit' ? [6, 4] : again ? [2, 3] : undefined
    return [name, { colour, dash, bold: role === 'ours' }] as const
  })
  return new Map(looks)
}
