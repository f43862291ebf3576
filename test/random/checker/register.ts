// One block as a register: is there an order of its reads and writes that explains every read?
import { BLOCK_BYTES } from './content.ts'
import type { Findings } from './findings.ts'

/** The time of what may take place at any time, or never. */
export const NEVER: number = 2 ** 31 - 1

/** A write, and what is known from the reads that gave its value. */
export interface Cluster {
  readonly writer: number
  readonly version: number
  readonly block: number
  readonly invoked: number
  /** Until when it may take place; NEVER for one that was lost. */
  readonly settled: number
  /** It has certainly taken place. */
  readonly done: boolean
  /** The earliest settlement and the latest invocation of the write and its reads. */
  first: number
  last: number
  wasRead: boolean
  checksum: number | null
}

export interface Reading {
  readonly invoked: number
  readonly settled: number
  /** Who read. */
  readonly by: string
}

interface TornReading extends Reading {
  readonly words: Int32Array
}

export interface Register {
  readonly name: string
  readonly clusters: Cluster[]
  /** Writes of zeros, whose values cannot be told from each other. */
  readonly trims: Cluster[]
  readonly zeros: Reading[]
  readonly torn: TornReading[]
}

type ContentOf = (cluster: Cluster) => Buffer

export function checkRegister(register: Register, content: ContentOf, findings: Findings): void {
  const overwritten = lastOverwritten([...register.clusters, ...register.trims])
  for (const reading of register.torn) {
    checkTorn(register, reading, overwritten(reading.invoked), content, findings)
  }
  const lastWrite = lastOverwritten(register.clusters)
  for (const reading of register.zeros) checkZeros(register, reading, lastWrite, findings)
  checkZones(register, findings)
}

/**
 * A function that tells, for a time, when the latest of the writes that were done by then was
 * invoked: a value whose write had settled before that was overwritten.
 */
function lastOverwritten(writes: readonly Cluster[]): (time: number) => number {
  const done = writes.filter((write) => write.done).sort((a, b) => a.settled - b.settled)
  const latest: number[] = []
  for (const { invoked } of done) latest.push(Math.max(invoked, latest.at(-1) ?? -1))
  return (time) => {
    const index = countBelow(done, (write) => write.settled < time)
    return index === 0 ? -1 : latest[index - 1]!
  }
}

/** How many at the beginning of a sorted list are so. */
function countBelow<T>(sorted: readonly T[], isSo: (item: T) => boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isSo(sorted[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

/** Zeros come from a trim that was not overwritten, or from the beginning. */
function checkZeros(
  { name, trims }: Register,
  reading: Reading,
  lastWrite: (time: number) => number,
  findings: Findings,
): void {
  const overwritten = lastWrite(reading.invoked)
  if (overwritten < 0) return
  const from = trims.filter(
    ({ invoked, settled }) => invoked < reading.settled && settled > overwritten,
  )
  if (from.length === 0) {
    findings.add('stale', `${reading.by} read zeros in ${name}, which had been overwritten`)
  } else if (from.length === 1) {
    const [trim] = from as [Cluster]
    trim.first = Math.min(trim.first, reading.settled)
    trim.last = Math.max(trim.last, reading.invoked)
    trim.wasRead = true
  }
}

/**
 * The kernel gives no promise about bytes that are read while they are written: such a read may be
 * a mixture. But every word of it must come from a write that it may see, and one of those must
 * have been under way.
 */
function checkTorn(
  { name, clusters, trims }: Register,
  reading: TornReading,
  overwritten: number,
  content: ContentOf,
  findings: Findings,
): void {
  const visible = ({ invoked, settled }: Cluster): boolean =>
    invoked < reading.settled && settled > overwritten
  const underWay = ({ settled }: Cluster): boolean => settled > reading.invoked
  const writes = clusters.filter(visible)
  const zeros = trims.filter(visible)
  if (![...writes, ...zeros].some(underWay)) {
    findings.add('torn', `${reading.by} read a torn ${name} that nobody was writing`)
    return
  }
  const sources = writes.map((cluster) => {
    const bytes = content(cluster)
    return new Int32Array(bytes.buffer, bytes.byteOffset, BLOCK_BYTES / 4)
  })
  if (zeros.length > 0 || overwritten < 0) sources.push(new Int32Array(BLOCK_BYTES / 4))
  const at = reading.words.findIndex((word, index) => !sources.some((s) => s[index] === word))
  if (at >= 0) {
    findings.add('torn', `${reading.by} read a torn ${name}: word ${at} is nobody's`)
  }
}

/**
 * A value is certainly there from the earliest settlement to the latest invocation of its cluster,
 * if that is a span at all (a forward zone). No two such spans may overlap; and a value that is
 * there at one moment only (between the two times in the other order: a backward zone) needs a
 * moment outside of those spans.
 */
function checkZones({ name, clusters, trims }: Register, findings: Findings): void {
  const known = [...clusters, ...trims].filter((cluster) => cluster.done || cluster.wasRead)
  const spans = known.filter((c) => c.first < c.last).sort((a, b) => a.first - b.first)
  const moments = known.filter((c) => c.first >= c.last)
  const tell = (old: Cluster, young: Cluster): void => {
    const what = `${labelOf(old)} was still read in ${name} after ${labelOf(young)} was there`
    findings.add('stale', what)
  }
  for (let index = 1; index < spans.length; index++) {
    const before = spans[index - 1]!
    if (spans[index]!.first < before.last) tell(before, spans[index]!)
  }
  for (const moment of moments) {
    const span = spans[countBelow(spans, ({ first }) => first < moment.last) - 1]
    if (span !== undefined && moment.first < span.last) tell(span, moment)
  }
}

function labelOf({ writer, version }: Cluster): string {
  return `version ${version} of writer ${writer}`
}
