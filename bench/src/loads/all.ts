import type { Load } from './load.ts'

const CACHES = ['warm', 'cold', 'direct'] as const
const IN_FLIGHT = [1, 8, 32, 128, 512] as const
const WORKERS = [1, 2, 4] as const
const BLOCK = 4096
const LARGE = { '128k': 128 * 1024, '1m': 2 ** 20 } as const

const SIZES = {
  '512': 512,
  '4k': BLOCK,
  '64k': 64 * 1024,
  '512k': 512 * 1024,
  '4m': 4 * 2 ** 20,
} as const

const READ = { operation: 'read', access: 'random', bytes: BLOCK, workers: 1 } as const
const WRITE = { ...READ, operation: 'write' } as const

/** All loads, by the name that --only takes. `-x2`: from two workers. */
export const LOADS: Readonly<Record<string, Load>> = {
  ...randomReads(),
  ...Object.fromEntries(
    [1, 32, 512].flatMap((inFlight) => [
      [`random-writes-buffered-${inFlight}`, { ...WRITE, cache: 'warm', inFlight }],
      [`random-writes-direct-${inFlight}`, { ...WRITE, cache: 'direct', inFlight }],
      [
        `random-writes-durable-${inFlight}`,
        { ...WRITE, operation: 'durable', cache: 'warm', inFlight },
      ],
    ]),
  ),
  'mixed-32': { ...READ, operation: 'mixed', cache: 'warm', inFlight: 32 },
  'mixed-128-x4': { ...READ, operation: 'mixed', cache: 'warm', inFlight: 128, workers: 4 },
  ...sequential(),
  ...scale(),
}

function randomReads(): Record<string, Load> {
  const loads: Record<string, Load> = {}
  for (const cache of CACHES) {
    for (const inFlight of IN_FLIGHT) {
      for (const workers of WORKERS) {
        if (workers > inFlight) continue
        const from = workers === 1 ? '' : `-x${workers}`
        loads[`random-reads-${cache}-${inFlight}${from}`] = { ...READ, cache, inFlight, workers }
      }
    }
  }
  return loads
}

function sequential(): Record<string, Load> {
  const loads: Record<string, Load> = {}
  for (const [size, bytes] of Object.entries(LARGE)) {
    for (const cache of CACHES) {
      const load = { access: 'sequential', bytes, cache, inFlight: 8, workers: 1 } as const
      loads[`sequential-reads-${cache}-${size}`] = { ...load, operation: 'read' }
      if (cache !== 'cold') {
        loads[`sequential-writes-${cache}-${size}`] = { ...load, operation: 'write' }
      }
    }
  }
  return loads
}

/** How throughput, CPU time and memory grow, one number at a time. */
function scale(): Record<string, Load> {
  const base = { ...READ, cache: 'warm', inFlight: 32, scale: true } as const
  const loads: Record<string, Load> = {}
  for (const workers of [1, 4, 16, 64]) {
    loads[`scale-clients-${workers}`] = { ...base, workers, inFlight: 8 * workers }
  }
  for (const inFlight of [1, 8, 64, 512, 4096]) {
    loads[`scale-in-flight-${inFlight}`] = { ...base, inFlight }
  }
  for (const fileCount of [1, 16, 256, 4096]) {
    loads[`scale-files-${fileCount}`] = { ...base, fileCount }
  }
  for (const [size, bytes] of Object.entries(SIZES)) {
    loads[`scale-block-size-${size}`] = { ...base, bytes, inFlight: 8 }
  }
  return loads
}
