import { BUSY, type Comparison, CPU, IDLE, OPERATIONS } from '../comparison.ts'
import { fioReads } from '../fio.ts'
import { oursCase } from '../peers.ts'

/** Random reads past the page cache, into leases. */
export function directReads(depth: 32 | 128): Comparison {
  return {
    title: `O_DIRECT 4 KiB random reads, ${depth} in flight, one thread`,
    file: 'cold',
    metrics: [OPERATIONS, CPU, BUSY, IDLE],
    cases: [oursCase({ kind: 'read', depth, direct: true }), fioReads('fio io_uring', depth, true)],
    figures: [
      {
        label: 'ops/s, ours / fio',
        how: 'ratio',
        metric: OPERATIONS.key,
        of: 'uring-actor',
        against: 'fio io_uring',
        atLeast: 0.9,
      },
      {
        label: 'CPU/op, ours / fio',
        how: 'ratio',
        metric: CPU.key,
        of: 'uring-actor',
        against: 'fio io_uring',
      },
    ],
  }
}
