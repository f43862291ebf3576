import { BUSY, type Comparison, CPU, IDLE, OPERATIONS } from '../comparison.ts'
import { fsCallback, fsPromises, oursCase, peerCase } from '../peers.ts'

/** Random writes over blocks that the file has already; buffered ones over blocks written one by one. */
export function writes(depth: 1 | 32, direct: boolean): Comparison {
  const load = { kind: 'write', depth, direct } as const
  const against = (peer: string) =>
    ({ how: 'ratio', metric: OPERATIONS.key, of: 'uring-actor', against: peer }) as const
  return {
    title:
      `${direct ? 'O_DIRECT' : 'Buffered'} 4 KiB random writes, ` +
      `${depth} in flight, one thread`,
    file: direct ? 'cold' : 'written',
    metrics: [OPERATIONS, CPU, BUSY, IDLE],
    cases: [
      oursCase(load),
      peerCase('fs.promises', fsPromises, load),
      peerCase('fs.write callback', fsCallback, load),
    ],
    figures: [
      {
        label: 'ops/s, ours / fs.promises',
        ...against('fs.promises'),
        atLeast: depth === 1 ? 1 : 3,
      },
      { label: 'ops/s, ours / fs.write callback', ...against('fs.write callback') },
      {
        label: 'CPU/op, ours / fs.promises',
        ...against('fs.promises'),
        metric: CPU.key,
      },
    ],
  }
}
