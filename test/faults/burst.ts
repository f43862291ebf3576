// One burst of random operations, each on a block of its own, and what came of each.
import type { Client, UringFile } from '@uring-actor/client'
import type { Random } from '../random/random.ts'
import type { Failure } from './failure.ts'

export const BLOCK_BYTES = 1024
export const BLOCKS = 256
const CHAIN_MEMBERS = 3

export type Name = 'read' | 'write' | 'trim' | 'fallocate' | 'fsync'

/** An operation, and the block that it is about; a sync has none. */
export interface Step {
  readonly name: Name
  readonly file: number
  readonly position: number
  readonly bytes: Uint8Array
  /** A write that is durable when it has completed. */
  readonly durable: boolean
}

/** What was asked for: one operation, or the members of a chain; and how it ended. */
export interface Outcome {
  readonly steps: readonly Step[]
  readonly chain: boolean
  /** Bytes that a read said it read; of a chain's members, each. */
  counts: readonly number[]
  failure: Failure | null
  /** How often it settled. */
  settled: number
}

const WEIGHTS: ReadonlyArray<readonly [number, Name | 'durable' | 'chain']> = [
  [380, 'write'],
  [760, 'read'],
  [800, 'durable'],
  [830, 'fsync'],
  [880, 'trim'],
  [900, 'fallocate'],
  [1000, 'chain'],
]

/** Makes bursts: the same seed makes the same ones. */
export class BurstMaker {
  readonly #random: Random
  readonly #places: Uint32Array
  #version = 0

  constructor(random: Random, files: number) {
    this.#random = random
    this.#places = Uint32Array.from({ length: files * BLOCKS }, (_, index) => index)
  }

  /** Draws so many operations, chains counted as one, all on different blocks. */
  draw(count: number): Outcome[] {
    const outcomes: Outcome[] = []
    let used = 0
    for (let index = 0; index < count; index++) {
      const drawn = this.#random.below(1000)
      const what = WEIGHTS.find(([below]) => drawn < below)![1]
      const steps: Step[] = []
      for (let left = what === 'chain' ? CHAIN_MEMBERS : 1; left > 0; left--) {
        steps.push(this.#step(what === 'chain' ? this.#memberName() : what, used++))
      }
      outcomes.push({ steps, chain: what === 'chain', counts: [], failure: null, settled: 0 })
    }
    return outcomes
  }

  #memberName(): Name {
    return this.#random.pick(['write', 'write', 'read', 'fsync'])
  }

  #step(what: Name | 'durable', used: number): Step {
    const random = this.#random
    const places = this.#places
    const other = used + random.below(places.length - used)
    const place = places[other]!
    places[other] = places[used]!
    places[used] = place
    const within = random.below(BLOCK_BYTES / 2)
    const name = what === 'durable' ? 'write' : what
    const bytes = new Uint8Array(1 + random.below(BLOCK_BYTES - within))
    if (name === 'write') bytes.fill(++this.#version).fill(this.#version >> 8, bytes.length >> 1)
    return {
      name,
      file: Math.floor(place / BLOCKS),
      position: (place % BLOCKS) * BLOCK_BYTES + within,
      bytes,
      durable: what === 'durable',
    }
  }
}

/** Begins an operation; resolves when it has ended, however. */
export async function perform(
  client: Client,
  files: readonly UringFile[],
  outcome: Outcome,
): Promise<void> {
  try {
    outcome.counts = outcome.chain
      ? await chained(client, files, outcome.steps)
      : [await alone(files, outcome.steps[0]!)]
  } catch (error) {
    outcome.failure = error as Failure
  }
  outcome.settled++
}

async function alone(files: readonly UringFile[], step: Step): Promise<number> {
  const { bytes, position } = step
  const file = files[step.file]!
  const { length } = bytes
  if (step.name === 'read') return (await file.read(bytes, 0, length, position)).bytesRead
  if (step.name === 'write') {
    const call = step.durable
      ? file.writeDurable(bytes, 0, length, position)
      : file.write(bytes, 0, length, position)
    return (await call).bytesWritten
  }
  if (step.name === 'trim') await file.trim(position, length)
  else if (step.name === 'fallocate') await file.allocate(position, length)
  else await file.datasync()
  return 0
}

async function chained(
  client: Client,
  files: readonly UringFile[],
  steps: readonly Step[],
): Promise<number[]> {
  const results = await client.chain((chain) => {
    for (const { name, file, bytes, position } of steps) {
      if (name === 'read') chain.read(files[file]!, bytes, 0, bytes.length, position)
      else if (name === 'write') chain.write(files[file]!, bytes, 0, bytes.length, position)
      else chain.datasync(files[file]!)
    }
  })
  return results.map((result) => {
    const counts = result as { bytesRead?: number; bytesWritten?: number } | undefined
    return counts?.bytesRead ?? counts?.bytesWritten ?? 0
  })
}
