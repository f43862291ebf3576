import { tracingChannel } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type OperationSpan, TRACING_CHANNEL, type TraceLevel } from '@uring-actor/client'
import type { Case, CaseInput, Comparison, Figure, Sample } from '../comparison.ts'
import { type Load, Meter, warmUp } from '../meter.ts'
import { NO_SIZE, NOP_DEPTH, nopLoad } from '../nop-load.ts'
import { ours } from '../peers.ts'
import { summarize } from '../statistics.ts'

type Loaded = 'reads' | 'nops'

const READ_DEPTH = 32
/** A level has this long to settle in, and then this long to be measured, in milliseconds. */
const SETTLING_MILLIS = 3
const MEASURED_MILLIS = 20
/** Processes differ by more than levels do, so both levels are measured in one, so often for so long. */
const MEASURED_TIMES = 8
const LEAST_PAIRS = 2

const CONTROL = 'off'
const HISTOGRAM = 'histogram'
const UNHEARD = 'span, nobody subscribed'
const HEARD = 'span, one subscriber'

const THROUGHPUT = { key: 'throughputRatio', label: 'ops/s / off', digits: 3 }
const CPU_TIME = { key: 'cpuRatio', label: 'CPU/op / off', digits: 3 }
const AT_OFF = { key: 'offPerSecond', label: 'ops/s at off', digits: 0 }

/**
 * What tracing costs, by its level, where an operation costs least. Each case changes the level from
 * `off` to its own and back, again and again, under a load that goes on; it tells the median of the pairs.
 */
export function tracing(loaded: Loaded): Comparison {
  const what =
    loaded === 'reads'
      ? `Warm 4 KiB reads, ${READ_DEPTH} in flight`
      : `No-ops, ${NOP_DEPTH} in flight`
  return {
    title: `${what}, by the level of tracing`,
    file: loaded === 'reads' ? 'warm' : null,
    metrics: [THROUGHPUT, CPU_TIME, AT_OFF],
    cases: [
      caseAt(CONTROL, 'off', loaded),
      caseAt(HISTOGRAM, 'histogram', loaded),
      caseAt(UNHEARD, 'span', loaded),
      caseAt(HEARD, 'span', loaded),
    ],
    figures: [
      figureOf(CONTROL),
      { ...figureOf(HISTOGRAM), atLeast: 0.95 },
      { ...figureOf(UNHEARD), atLeast: 0.95 },
      { ...figureOf(HEARD), atLeast: 0.65 },
    ],
  }
}

function figureOf(name: string): Figure {
  return { label: `ops/s, ${name} / off`, how: 'value', metric: THROUGHPUT.key, of: name }
}

function caseAt(name: string, level: TraceLevel, loaded: Loaded): Case {
  return {
    name,
    role: 'ours',
    run: async (input) => {
      const actor = await spawnActor({ trace: 'off' })
      if (name === HEARD) subscribe()
      const load =
        loaded === 'nops'
          ? nopLoad(actor.connect())
          : await ours({ kind: 'read', depth: READ_DEPTH, direct: false }, input)
      return inPairs(actor, level, load, input, loaded === 'nops' ? NO_SIZE : input.size)
    },
  }
}

/** A load that goes on until it is told to stop. */
class OpenMeter extends Meter {
  #stopped = false

  constructor(size: number) {
    super(Number.POSITIVE_INFINITY, size)
  }

  stop(): void {
    this.#stopped = true
  }

  override next(): boolean {
    return !this.#stopped && super.next()
  }
}

async function inPairs(
  actor: Actor,
  level: TraceLevel,
  load: Load,
  { seconds, quick }: CaseInput,
  size: number,
): Promise<Sample> {
  // Both levels warm up, as what is compiled for one of them serves the other too.
  for (const warm of ['off', level] as const) {
    actor.setTrace(warm)
    await warmUp(seconds, size, load)
  }
  const meter = new OpenMeter(size)
  const done = load(meter)
  const millis = 2 * (SETTLING_MILLIS + MEASURED_MILLIS)
  const pairs = quick ? LEAST_PAIRS : Math.ceil((MEASURED_TIMES * seconds * 1000) / millis)
  const operations = { throughput: [] as number[], cpu: [] as number[], off: [] as number[] }
  for (let pair = 0; pair < pairs; pair++) {
    const first = await windowAt(actor, pair % 2 === 0 ? 'off' : level, meter)
    const second = await windowAt(actor, pair % 2 === 0 ? level : 'off', meter)
    const [off, traced] = pair % 2 === 0 ? [first, second] : [second, first]
    operations.throughput.push(traced.perSecond / off.perSecond)
    operations.cpu.push(traced.cpuMicros / off.cpuMicros)
    operations.off.push(off.perSecond)
  }
  meter.stop()
  await done
  return {
    [THROUGHPUT.key]: summarize(operations.throughput).median,
    [CPU_TIME.key]: summarize(operations.cpu).median,
    [AT_OFF.key]: summarize(operations.off).median,
  }
}

/** What the load does at a level, in a short while. */
async function windowAt(
  actor: Actor,
  level: TraceLevel,
  meter: Meter,
): Promise<{ perSecond: number; cpuMicros: number }> {
  actor.setTrace(level)
  await sleep(SETTLING_MILLIS)
  const before = meter.count
  const began = performance.now()
  const used = process.cpuUsage()
  await sleep(MEASURED_MILLIS)
  // On a busy machine a while as short may pass without an operation, and would have no figures.
  while (meter.count === before) await sleep(1)
  const { user, system } = process.cpuUsage(used)
  const operations = meter.count - before
  return {
    perSecond: (operations / (performance.now() - began)) * 1000,
    cpuMicros: (user + system) / operations,
  }
}

/** The least that a subscriber can do. */
function subscribe(): void {
  const seen = { bytes: 0 }
  tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL).asyncEnd.subscribe((message) => {
    seen.bytes += (message as OperationSpan).result ?? 0
  })
}
