// Reads a trace file as Perfetto's importer does: events in the order of their times, and of the
// file where those are the same; a slice lies within the one that is open on its thread, or after it;
// an arrow joins the slices that were begun last. What it would drop or draw elsewhere is a fault.
import { readFileSync } from 'node:fs'

interface TraceEvent {
  readonly ph: string
  readonly cat?: string
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly id?: number
  readonly ts?: number
  readonly dur?: number
  readonly bp?: string
  readonly args?: Readonly<Record<string, unknown>>
}

/** Times are whole nanoseconds. */
export interface Slice {
  readonly category: string
  readonly name: string
  readonly process: number
  readonly thread: number
  readonly start: number
  readonly end: number
  readonly details: Readonly<Record<string, unknown>>
  readonly parent: Slice | null
  readonly children: Slice[]
}

/** The slices that one arrow joins, and when it starts, touches and ends. */
interface Arrow {
  readonly phases: string[]
  readonly slices: Slice[]
  readonly times: number[]
}

export interface ReadTrace {
  readonly slices: readonly Slice[]
  readonly arrows: ReadonlyMap<number, Arrow>
  /** Names of processes, by their number; and of threads. */
  readonly processes: ReadonlyMap<number, string>
  readonly threads: ReadonlyMap<number, string>
  readonly data: Readonly<Record<string, unknown>>
  readonly eventCount: number
  readonly faults: readonly string[]
}

function nanos(micros: number | undefined): number {
  return Math.round((micros ?? Number.NaN) * 1000)
}

class Reader {
  readonly slices: Slice[] = []
  readonly arrows = new Map<number, Arrow>()
  readonly processes = new Map<number, string>()
  readonly threads = new Map<number, string>()
  readonly faults: string[] = []
  readonly #open = new Map<number, Slice[]>()

  read(event: TraceEvent): void {
    if (event.ph === 'X') this.#slice(event)
    else if (event.ph === 'M') this.#label(event)
    else if ('stf'.includes(event.ph)) this.#arrow(event)
    else this.faults.push(`an event of the unknown phase ${event.ph}`)
  }

  #label({ name, pid, tid, args }: TraceEvent): void {
    if (name === 'process_name') this.processes.set(pid, String(args?.name))
    if (name === 'thread_name') this.threads.set(tid, String(args?.name))
  }

  #slice({ cat = '', name, pid, tid, ts, dur, args = {} }: TraceEvent): void {
    const start = nanos(ts)
    const end = start + nanos(dur)
    if (!(start >= 0 && end >= start)) this.faults.push(`${name} from ${ts} for ${dur}`)
    const open = this.#open.get(tid) ?? []
    while (open.length > 0 && open.at(-1)!.end <= start) open.pop()
    const parent = open.at(-1) ?? null
    if (parent !== null && end > parent.end)
      this.faults.push(`${name} at ${ts} leaves ${parent.name}`)
    const slice: Slice = {
      category: cat,
      name,
      process: pid,
      thread: tid,
      start,
      end,
      details: args,
      parent,
      children: [],
    }
    parent?.children.push(slice)
    open.push(slice)
    this.#open.set(tid, open)
    this.slices.push(slice)
  }

  #arrow({ ph, id = -1, tid, ts, bp }: TraceEvent): void {
    const slice = this.#open.get(tid)?.at(-1)
    const at = nanos(ts)
    if (slice === undefined || at < slice.start || at > slice.end) {
      this.faults.push(`arrow ${id} (${ph}) at ${ts} is in no slice of thread ${tid}`)
      return
    }
    if (ph === 'f' && bp !== 'e') this.faults.push(`arrow ${id} ends in the slice that follows`)
    const arrow = this.arrows.get(id) ?? { phases: [], slices: [], times: [] }
    arrow.phases.push(ph)
    arrow.slices.push(slice)
    arrow.times.push(at)
    this.arrows.set(id, arrow)
  }
}

export function readTrace(path: string | URL): ReadTrace {
  const { traceEvents, otherData } = JSON.parse(readFileSync(path, 'utf8')) as {
    traceEvents: TraceEvent[]
    otherData: Record<string, unknown>
  }
  const reader = new Reader()
  const order = (event: TraceEvent): number => (event.ph === 'M' ? -1 : nanos(event.ts))
  for (const event of traceEvents.toSorted((a, b) => order(a) - order(b))) reader.read(event)
  const { slices, arrows, processes, threads, faults } = reader
  const eventCount = traceEvents.length
  return { slices, arrows, processes, threads, faults, eventCount, data: otherData }
}
