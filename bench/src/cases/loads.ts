import {
  BUSY,
  type Case,
  type CaseInput,
  type Comparison,
  CPU,
  type Figure,
  IDLE,
  METRIC_KEYS,
  type Metric,
  OPERATIONS,
} from '../comparison.ts'
import { fioCase } from '../fio.ts'
import type { Load, PeerName } from '../loads/load.ts'
import { placesRefusal } from '../loads/places.ts'
import { runLoad } from '../loads/run-load.ts'
import { nativeCase } from '../native-case.ts'
import { directRefusal } from '../peers.ts'
import { formatSize } from '../sizes.ts'

const OURS = 'uring-actor'
/** Node's own number of threads, and as many as people give it who want more. */
const POOLS = [4, 64] as const
const P50: Metric = { key: METRIC_KEYS.p50, label: 'p50 µs', digits: 1 }
const P99: Metric = { key: METRIC_KEYS.p99, label: 'p99 µs', digits: 1 }
const MAX: Metric = { key: METRIC_KEYS.max, label: 'max µs', digits: 0 }

/** A load on the files, by ours and by all peers that can carry it. */
export function loadComparison(load: Load): Comparison {
  const cases = [
    { ...peerCase(OURS, 'uring-actor', load), role: 'ours' as const },
    ...POOLS.map((pool) => pooled('fs.promises', 'fs.promises', load, pool)),
    ...(!load.scale && (load.operation === 'read' || load.operation === 'write')
      ? POOLS.map((pool) => pooled(`fs.${load.operation}`, 'fs callbacks', load, pool))
      : []),
    ...(load.operation === 'mixed' ? [] : [peerCase(syncName(load), 'fs sync', load)]),
    ...native(load),
    ...(load.operation === 'mixed' ? [] : fio(load)),
  ]
  return {
    title: titleOf(load),
    workload: {
      operation: operationOf(load),
      cache: load.cache,
      inFlight: load.inFlight,
      workers: load.workers,
      blockBytes: load.bytes,
    },
    ...(load.fileCount === undefined ? {} : { fileCount: load.fileCount }),
    file: load.cache === 'warm' ? 'warm' : 'cold',
    metrics: [OPERATIONS, CPU, P50, P99, MAX, BUSY, IDLE],
    cases,
    figures: cases.flatMap(({ name }) => (name === OURS ? [] : against(name))),
  }
}

function native(load: Load): Case[] {
  const { operation, access, cache } = load
  if (load.scale || access !== 'random' || (operation !== 'read' && operation !== 'write'))
    return []
  const call = operation === 'read' ? 'pread' : 'pwrite'
  const threads = `${load.inFlight === 1 ? 'one thread' : `${load.inFlight} threads`}`
  const cases = [nativeCase(`C ${call}, ${threads}`, 'pread', load)]
  if (operation === 'read' && cache !== 'direct') {
    cases.push(nativeCase(`C mmap, ${threads}`, 'mmap', load))
  }
  return cases.map((one) => outside(load, one))
}

function fio(load: Load): Case[] {
  const cases = [fioCase('fio io_uring', 'io_uring', load)]
  if (!load.scale) cases.unshift(fioCase('fio libaio', 'libaio', load))
  return cases.map((one) => outside(load, one))
}

function against(name: string): Figure[] {
  const paired = { how: 'ratio', of: OURS, against: name } as const
  return [
    { label: `ops/s, ours / ${name}`, metric: OPERATIONS.key, ...paired },
    { label: `CPU/op, ours / ${name}`, metric: CPU.key, ...paired },
  ]
}

function peerCase(name: string, peer: PeerName, load: Load): Case {
  return {
    name,
    run: (input, latency) => runLoad(peer, load, input, latency),
    missing: (input) =>
      fileRefusal(load, input) ??
      placesRefusal(input.files.length, input.size, load.bytes, load.inFlight),
  }
}

function fileRefusal({ cache }: Load, { file }: CaseInput): string | null {
  return cache === 'direct' ? directRefusal(file) : null
}

/** A case of another program, which may not be there. */
function outside(load: Load, one: Case): Case {
  return { ...one, missing: (input) => one.missing?.(input) ?? fileRefusal(load, input) }
}

function pooled(name: string, peer: PeerName, load: Load, threadPool: number): Case {
  return { ...peerCase(`${name}, pool of ${threadPool}`, peer, load), threadPool }
}

function syncName({ operation, workers }: Load): string {
  const call = operation === 'read' ? 'fs.readSync' : 'fs.writeSync'
  return `${call}, ${workers === 1 ? 'one' : workers} at a time`
}

function operationOf({ operation, access }: Load): string {
  if (operation === 'mixed') return 'mixed reads, writes and trims'
  const what = { read: 'reads', write: 'writes', durable: 'durable writes' }[operation]
  return `${access} ${what}`
}

function titleOf(load: Load): string {
  const { cache, bytes, inFlight, workers } = load
  const size = formatSize(bytes)
  const where = { warm: 'in the page cache', cold: 'not in the page cache', direct: 'O_DIRECT' }
  const from = workers === 1 ? 'from the main thread' : `from ${workers} workers`
  const what = operationOf(load)
  const files =
    load.fileCount === undefined
      ? ''
      : `, on ${load.fileCount === 1 ? 'one file' : `${load.fileCount} files`}`
  return `${what[0]!.toUpperCase()}${what.slice(1)} of ${size}, ${where[cache]}, ${inFlight} in flight, ${from}${files}`
}
