import type { CaseInput } from '../comparison.ts'
import { LatencyRecorder, type RawLatency } from '../measure/latency-recorder.ts'
import { warmUpSeconds } from '../meter.ts'
import type { Load, PeerName } from './load.ts'
import { openPeer } from './peers.ts'
import { type Lanes, Places } from './places.ts'
import { Span } from './span.ts'
import { type StageSums, stageSums } from './stages.ts'

/** What a thread needs to know to carry its part of a load. */
export interface PartOrders {
  readonly peer: PeerName
  readonly load: Load
  readonly input: CaseInput
  readonly lanes: Lanes
  /** One word: 0 until the measurement begins. */
  readonly go: SharedArrayBuffer
}

/** What came of a thread's part. */
export interface PartResult {
  readonly operations: number
  readonly seconds: number
  readonly latency: RawLatency
  /** Of ours only. */
  readonly stages: StageSums | null
}

/** Opens, and warms up; what it resolves with measures, once. */
export async function preparePart(orders: PartOrders): Promise<() => Promise<PartResult>> {
  const { peer, load, input, lanes } = orders
  const { files: paths, size, seconds } = input
  const sequential = load.access === 'sequential'
  const places = new Places(paths.length, size, load.bytes, sequential, lanes)
  const { run, client } = await openPeer(peer, { load, paths, places, lanes: lanes.count })
  await run(new Span(warmUpSeconds(load.workers, seconds), null))
  return async () => {
    const recorder = new LatencyRecorder()
    const before = client === null ? null : stageSums(client.latency())
    const span = new Span(seconds, recorder)
    await run(span)
    const elapsed = (performance.now() - span.began) / 1000
    const stages = client === null ? null : stageSums(client.latency(), before)
    return { operations: span.operations, seconds: elapsed, latency: recorder.raw(), stages }
  }
}
