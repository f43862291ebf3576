import type { Comparison } from './comparison.ts'
import { LOADS } from './loads/all.ts'

/**
 * Every comparison, in the order in which they run. Each is loaded when it is asked for, so that a
 * case's process holds no more than it needs.
 */
export const COMPARISONS: Readonly<Record<string, () => Promise<Comparison>>> = {
  ...Object.fromEntries(
    Object.entries(LOADS).map(([name, load]) => [
      name,
      async () => (await import('./cases/loads.ts')).loadComparison(load),
    ]),
  ),
  'small-files': async () => (await import('./cases/small-files.ts')).smallFiles,
  copy: async () => (await import('./cases/copy.ts')).copy,
  overhead: async () => (await import('./cases/overhead.ts')).overhead,
  interference: async () => (await import('./cases/interference.ts')).interference,
  'tails-greedy': async () => (await import('./cases/tails.ts')).greedy,
  'tails-busy-loop': async () => (await import('./cases/tails.ts')).busyLoop,
  'warm-reads-32': async () => (await import('./cases/warm-reads.ts')).warmReads(32),
  'warm-reads-128': async () => (await import('./cases/warm-reads.ts')).warmReads(128),
  'direct-reads-32': async () => (await import('./cases/direct-reads.ts')).directReads(32),
  'direct-reads-128': async () => (await import('./cases/direct-reads.ts')).directReads(128),
  'buffered-writes-1': async () => (await import('./cases/writes.ts')).writes(1, false),
  'buffered-writes-32': async () => (await import('./cases/writes.ts')).writes(32, false),
  'direct-writes-1': async () => (await import('./cases/writes.ts')).writes(1, true),
  'direct-writes-32': async () => (await import('./cases/writes.ts')).writes(32, true),
  'tracing-reads': async () => (await import('./cases/tracing.ts')).tracing('reads'),
  'tracing-nops': async () => (await import('./cases/tracing.ts')).tracing('nops'),
  nops: async () => (await import('./cases/nops.ts')).nops,
  latency: async () => (await import('./cases/latency.ts')).latency,
  fairness: async () => (await import('./cases/fairness.ts')).fairness,
  'system-calls': async () => (await import('./cases/system-calls.ts')).systemCalls,
  start: async () => (await import('./cases/start.ts')).start,
  memory: async () => (await import('./cases/memory.ts')).memory,
  idle: async () => (await import('./cases/idle.ts')).idle,
  micro: async () => (await import('./cases/micro.ts')).micro,
}
