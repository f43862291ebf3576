import type { ClientFigures, Figures, Snapshot } from '../inspect/snapshot.ts'
import { countText, durationText, timeText } from './numbers.ts'

export interface ViewOptions {
  /** Columns; no line is longer. */
  readonly width: number
  /** Rows; Infinity where nothing limits them. */
  readonly height: number
  readonly colours: boolean
  /** Said in a line of its own, if it is not empty. */
  readonly notice: string
}

/** What a row is about, and how to fill a column of it. */
interface Row {
  readonly client: string
  readonly thread: string
  readonly figures: Figures
  /** Factor from what there was in the interval to what there is in a second. */
  readonly perSecond: number
}

interface Column {
  readonly title: string
  readonly width: number
  readonly text: (row: Row) => string
  /** Shown only where the terminal is as wide as this, at least. */
  readonly from?: number
}

const COLUMNS: readonly Column[] = [
  { title: 'client', width: 7, text: ({ client }) => client },
  { title: 'thread', width: 8, text: ({ thread }) => thread },
  { title: 'ops/s', width: 7, text: (row) => rate(row, row.figures.interval.operations) },
  { title: 'errors/s', width: 9, text: (row) => rate(row, row.figures.interval.errors), from: 110 },
  { title: 'MB/s', width: 7, text: (row) => megabytes(row, bytesOf(row.figures)) },
  {
    title: 'read',
    width: 7,
    text: (row) => megabytes(row, row.figures.interval.bytesRead),
    from: 110,
  },
  {
    title: 'written',
    width: 8,
    text: (row) => megabytes(row, row.figures.interval.bytesWritten),
    from: 110,
  },
  { title: 'flight', width: 7, text: ({ figures }) => inFlight(figures) },
  { title: 'batch', width: 7, text: ({ figures }) => countOrDash(figures.interval.meanBatch) },
  { title: 'p50', width: 8, text: ({ figures }) => timeText(figures.interval.p50Micros) },
  { title: 'p99', width: 8, text: ({ figures }) => timeText(figures.interval.p99Micros) },
]

/** Of the last column: gap before the bar, and the percentage behind it. */
const BAR_EXTRA = 7
const BAR_MAX = 40
const BAR_TITLE = '  busy/idle'

function rate({ perSecond }: Row, count: number): string {
  return countText(count * perSecond)
}

function megabytes({ perSecond }: Row, bytes: number): string {
  return countText((bytes * perSecond) / 1e6)
}

function bytesOf({ interval }: Figures): number {
  return interval.bytesRead + interval.bytesWritten
}

/**
 * What the actor has at the moment of the answer is little where operations are short, and what takes
 * longer than the interval is in no mean of what has ended: whichever is more.
 */
function inFlight({ inFlight, interval }: Figures): string {
  return countText(Math.max(inFlight, Math.round(interval.meanInFlight ?? 0)))
}

function countOrDash(value: number | null): string {
  return value === null ? '-' : countText(value)
}

/** Whether colours are wanted is decided elsewhere; util.styleText would ask the environment. */
const STYLES = { bold: [1, 22], inverse: [7, 27], green: [32, 39], yellow: [33, 39] } as const
type Paint = (style: keyof typeof STYLES, text: string) => string

function colour(style: keyof typeof STYLES, text: string): string {
  const [on, off] = STYLES[style]
  return `\x1b[${on}m${text}\x1b[${off}m`
}

/** A snapshot as the lines of a screen. */
export function view(snapshot: Snapshot, options: ViewOptions): string[] {
  const { width, height, colours, notice } = options
  const paint: Paint = colours ? colour : (_style, text) => text
  const columns = COLUMNS.filter(({ from }) => from === undefined || from <= width)
  const used = columns.reduce((sum, column) => sum + column.width, 0)
  const bar = Math.min(BAR_MAX, Math.max(0, width - used - BAR_EXTRA))
  const titles = columns.map((column) => column.title.padStart(column.width)).join('') + BAR_TITLE
  const perSecond = snapshot.intervalMicros === 0 ? 0 : 1e6 / snapshot.intervalMicros
  const line = (row: Row): string => {
    const cells = columns.map((column) => fit(column.text(row), column.width)).join('')
    return barAfter(cut(cells, width), row.figures, bar, paint)
  }
  const lines = [
    paint('bold', cut(aboutProcess(snapshot), width)),
    cut(aboutActor(snapshot, perSecond), width),
    notice === '' ? '' : paint('yellow', cut(notice, width)),
    paint('inverse', cut(titles, width).padEnd(Math.min(width, used + BAR_EXTRA + bar))),
    line({ client: 'all', thread: '', figures: snapshot.all, perSecond }),
  ]
  const room = Math.max(0, height - lines.length)
  const shown = mostBusy(snapshot.clients, room)
  for (const figures of shown) {
    const { id, threadId } = figures
    lines.push(line({ client: String(id), thread: String(threadId), figures, perSecond }))
  }
  const hidden = snapshot.clients.length - shown.length
  if (hidden > 0) lines.push(cut(`${hidden} more clients, less busy`, width))
  else if (shown.length === 0) lines.push(cut('no client is connected', width))
  return lines.slice(0, height)
}

function aboutProcess({ pid, engine, uptimeMicros, trace }: Snapshot): string {
  return `uring-actor: process ${pid}, ${engine}, up ${durationText(uptimeMicros)}, trace ${trace}`
}

function aboutActor(snapshot: Snapshot, perSecond: number): string {
  const { actor, all, clients, intervalMicros, first } = snapshot
  const { busyMicros, idleMicros, submissions, submitted } = actor
  const time = first ? 'since the start' : `in ${timeText(intervalMicros)}`
  const parts = [
    `${time}: actor ${share(busyMicros, idleMicros)} busy`,
    `${countText(clients.length)} client${clients.length === 1 ? '' : 's'}`,
    ...(submissions === 0 ? [] : [`${countText(submitted / submissions)} per submission`]),
    ...(all.interval.errors === 0
      ? []
      : [`${countText(all.interval.errors * perSecond)} errors/s`]),
  ]
  return parts.join(', ')
}

/**
 * All clients, or where there is no room the busiest, and a line for the others. In the order of their
 * numbers: rows that change places cannot be read.
 */
function mostBusy(clients: readonly ClientFigures[], room: number): readonly ClientFigures[] {
  const all = [...clients].sort((one, other) => one.id - other.id)
  if (all.length <= room) return all
  const operations = ({ interval }: ClientFigures): number => interval.operations
  const busiest = [...all].sort((one, other) => operations(other) - operations(one))
  const chosen = new Set(busiest.slice(0, Math.max(0, room - 1)))
  return all.filter((client) => chosen.has(client))
}

/** Of what was busy in all; a dash where there was nothing. */
function share(busy: number, idle: number): string {
  return busy + idle === 0 ? '-' : `${Math.round((100 * busy) / (busy + idle))}%`
}

/** Adds the bar of busy and idle to a line, of so many characters. */
function barAfter(line: string, { interval }: Figures, length: number, paint: Paint): string {
  const { busyMicros, idleMicros } = interval
  if (length === 0) return line
  const sum = busyMicros + idleMicros
  if (sum === 0) return `${line}  ${'-'.padStart(length + 5)}`
  // Whoever works at all shows.
  const busy = Math.min(length, Math.ceil((length * busyMicros) / sum))
  const full = paint('green', '#'.repeat(busy))
  return `${line}  ${full}${'.'.repeat(length - busy)}${share(busyMicros, idleMicros).padStart(5)}`
}

/** Right-aligned, with a space before it; of what is too long the end. */
function fit(text: string, width: number): string {
  return text.length < width ? text.padStart(width) : ` ~${text.slice(text.length - width + 2)}`
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : text.slice(0, width)
}
