import { BUSY, type Comparison, CPU, IDLE, OPERATIONS } from '../comparison.ts'
import { fioReads } from '../fio.ts'
import { fsCallback, fsPromises, fsSync, oursCase, peerCase } from '../peers.ts'

/** Random reads of a file in the page cache, into plain buffers, from one thread. */
export function warmReads(depth: 32 | 128): Comparison {
  const load = { kind: 'read', depth, direct: false } as const
  return {
    title: `Warm 4 KiB random reads, ${depth} in flight, one thread`,
    file: 'warm',
    metrics: [OPERATIONS, CPU, BUSY, IDLE],
    cases: [
      oursCase(load),
      peerCase('fs.promises', fsPromises, load),
      peerCase('fs.read callback', fsCallback, load),
      peerCase('fs.readSync, one at a time', fsSync, load),
      fioReads('fio io_uring, the limit', depth, false),
    ],
    figures: [
      {
        label: 'ops/s, ours / fs.promises',
        how: 'ratio',
        metric: OPERATIONS.key,
        of: 'uring-actor',
        against: 'fs.promises',
        atLeast: depth === 32 ? 5 : 6,
      },
      {
        label: 'ops/s, ours / fs.read callback',
        how: 'ratio',
        metric: OPERATIONS.key,
        of: 'uring-actor',
        against: 'fs.read callback',
        ...(depth === 32 ? { atLeast: 2 } : {}),
      },
      {
        label: 'ops/s, ours / fs.readSync',
        how: 'ratio',
        metric: OPERATIONS.key,
        of: 'uring-actor',
        against: 'fs.readSync, one at a time',
      },
      {
        label: 'ops/s, ours / fio',
        how: 'ratio',
        metric: OPERATIONS.key,
        of: 'uring-actor',
        against: 'fio io_uring, the limit',
      },
      {
        label: 'CPU/op, ours / fs.promises',
        how: 'ratio',
        metric: CPU.key,
        of: 'uring-actor',
        against: 'fs.promises',
        ...(depth === 32 ? { atMost: 1 / 6 } : {}),
      },
    ],
  }
}
