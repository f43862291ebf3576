import { constants } from 'node:fs'
import { type Client, connect, type Lease, type UringFile } from '@uring-actor/client'
import { BLOCK_BYTES, BLOCK_WORDS, seal, verify } from './block.ts'
import { Findings } from './findings.ts'
import { allOf } from './lanes.ts'
import { RandomLoad } from './random-load.ts'
import { Board, type PhaseResult, type RandomResult, type Task } from './shared.ts'
import { contentVersion } from './versions.ts'
import { positionOf } from './workload-file.ts'

/**
 * What runs in the pool's threads: one task is one worker's part of one phase. Each connects for
 * itself and leaves nothing behind, because the pool may give the next task to any thread.
 */

/** Blocks of one transfer where whole ranges are written or read: 256 KiB. */
const RANGE_BLOCKS = 64
const RANGES_IN_FLIGHT = 8

/** Writes every block of this worker's range in version 1. */
export function fill(task: Task): Promise<PhaseResult> {
  const versions = new Uint32Array(task.plan.versions)
  return overRange(task, 'random', async (file, lease, words, from, count) => {
    for (let index = 0; index < count; index++) {
      seal(words, index * BLOCK_WORDS, from + index, 1)
      versions[from + index] = 1
    }
    await file.write(lease, 0, count * BLOCK_BYTES, positionOf(from))
  })
}

/** Reads every block of this worker's range and verifies it. */
export function check(task: Task): Promise<PhaseResult> {
  const versions = new Uint32Array(task.plan.versions)
  return overRange(task, 'last check', async (file, lease, words, from, count, findings) => {
    const length = count * BLOCK_BYTES
    const { bytesRead } = await file.read(lease, 0, length, positionOf(from))
    if (bytesRead !== length) throw new Error(`the file ends early, in block ${from}`)
    for (let index = 0; index < count; index++) {
      const at = index * BLOCK_WORDS
      const version = contentVersion(versions[from + index]!)
      if (!verify(words, at, from + index, version)) {
        findings.mismatch(words, at, from + index, version)
      }
    }
  })
}

/** Random reads, writes and trims on the blocks that this worker owns, until the time is up. */
export async function random(task: Task): Promise<RandomResult> {
  const findings = new Findings('random', task.worker)
  const load = new RandomLoad(task, findings)
  await withFile(task, findings, async (client, file) => {
    await load.run(client, file)
    load.takeTimes(client)
  })
  return load.result()
}

type OverRange = (
  file: UringFile,
  lease: Lease,
  words: Int32Array,
  from: number,
  count: number,
  findings: Findings,
) => Promise<void>

/** Goes over this worker's contiguous share of the blocks, several ranges in flight. */
async function overRange(
  task: Task,
  phase: 'random' | 'last check',
  work: OverRange,
): Promise<PhaseResult> {
  const { plan, worker } = task
  const board = new Board(plan.board)
  const findings = new Findings(phase, worker)
  let next = Math.floor((plan.blocks * worker) / plan.workers)
  const end = Math.floor((plan.blocks * (worker + 1)) / plan.workers)
  let done = 0

  async function lane(client: Client, file: UringFile): Promise<void> {
    using lease = client.alloc(RANGE_BLOCKS * BLOCK_BYTES)
    const words = new Int32Array(lease.buffer, lease.byteOffset, RANGE_BLOCKS * BLOCK_WORDS)
    while (next < end && !board.stopped) {
      const from = next
      const count = Math.min(RANGE_BLOCKS, end - from)
      next += count
      await work(file, lease, words, from, count, findings)
      done += count * BLOCK_BYTES
      board.setDone(worker, done)
    }
  }

  await withFile(task, findings, (client, file) =>
    allOf(board, RANGES_IN_FLIGHT, () => lane(client, file)),
  )
  return findings.result()
}

/** Connects, opens, works, and closes again, whatever came of it. */
async function withFile(
  task: Task,
  findings: Findings,
  work: (client: Client, file: UringFile) => Promise<void>,
): Promise<void> {
  const { path, direct, board } = task.plan
  try {
    await using client = connect()
    await using file = await client.open(
      path,
      direct ? constants.O_RDWR | constants.O_DIRECT : 'r+',
    )
    await work(client, file)
  } catch (error) {
    findings.failed(error)
    new Board(board).stop()
  }
}
