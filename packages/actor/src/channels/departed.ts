import { addHistograms } from '@uring-actor/client/internal'
import { KIND_F64, METRICS, OPERATION_LIMIT } from '@uring-actor/client/protocol'
import type { Channel } from './channel.ts'
import { Counts } from './counts.ts'

/** What clients that have left had done. */
export class Departed {
  completed = 0
  errors = 0
  wakes = 0
  cachedReads = 0
  readonly counts: Counts = new Counts()
  /** Their histograms together; null until there are any. */
  trace: Float64Array | null = null

  /** Folds a client's figures in, when nothing more is in flight for it. */
  add(channel: Channel): void {
    channel.lookAtCachedReads()
    this.completed += channel.completed
    this.cachedReads += channel.cachedReads
    this.errors += channel.errors
    this.wakes += channel.wakes
    this.counts.addAll(channel.counts)
    for (let kind = 0; kind < OPERATION_LIMIT; kind++) {
      if (channel.counts.completed[kind] === 0) continue
      this.trace ??= new Float64Array(OPERATION_LIMIT * KIND_F64)
      const at = kind * KIND_F64
      addHistograms(this.trace, at, channel.trace, at, METRICS.length)
    }
  }
}
