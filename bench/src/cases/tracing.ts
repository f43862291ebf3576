import { tracingChannel } from 'node:diagnostics_channel'
import { spawnActor } from '@uring-actor/actor'
import { type OperationSpan, TRACING_CHANNEL, type TraceLevel } from '@uring-actor/client'
import { type Case, type Comparison, CPU, type Figure, OPERATIONS } from '../comparison.ts'
import { measure } from '../meter.ts'
import { NO_SIZE, NOP_DEPTH, nopLoad } from '../nop-load.ts'
import { ours } from '../peers.ts'

type Loaded = 'reads' | 'nops'

const READ_DEPTH = 32
const OFF = 'off'
const HISTOGRAM = 'histogram'
const UNHEARD = 'span, nobody subscribed'
const HEARD = 'span, one subscriber'

/** What tracing costs, by its level, where an operation costs least. */
export function tracing(loaded: Loaded): Comparison {
  const what =
    loaded === 'reads'
      ? `Warm 4 KiB reads, ${READ_DEPTH} in flight`
      : `No-ops, ${NOP_DEPTH} in flight`
  return {
    title: `${what}, by the level of tracing`,
    file: loaded === 'reads' ? 'warm' : null,
    metrics: [OPERATIONS, CPU],
    cases: [
      caseAt(OFF, 'off', loaded),
      caseAt(HISTOGRAM, 'histogram', loaded),
      caseAt(UNHEARD, 'span', loaded),
      caseAt(HEARD, 'span', loaded),
    ],
    figures: [against(HISTOGRAM, 0.95), against(UNHEARD, 0.95), against(HEARD, 0.65)],
  }
}

function against(name: string, atLeast: number): Figure {
  const label = `ops/s, ${name} / off`
  return { label, how: 'ratio', metric: OPERATIONS.key, of: name, against: OFF, atLeast }
}

function caseAt(name: string, trace: TraceLevel, loaded: Loaded): Case {
  return {
    name,
    role: 'ours',
    run: async (input) => {
      const actor = await spawnActor({ trace })
      if (name === HEARD) subscribe()
      if (loaded === 'nops') return measure(input.seconds, NO_SIZE, nopLoad(actor.connect()))
      const load = { kind: 'read', depth: READ_DEPTH, direct: false } as const
      return measure(input.seconds, input.size, await ours(load, input))
    },
  }
}

/** The least that a subscriber can do. */
function subscribe(): void {
  const seen = { bytes: 0 }
  tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL).asyncEnd.subscribe((message) => {
    seen.bytes += (message as OperationSpan).result ?? 0
  })
}
