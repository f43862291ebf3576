import { createHistogram, performance } from 'node:perf_hooks'
import type { Client, UringFile } from '@uring-actor/client'
import { BLOCK_BYTES, BLOCK_WORDS, seal, verify } from './block.ts'
import type { Findings } from './findings.ts'
import { allOf } from './lanes.ts'
import { Random } from './random.ts'
import {
  Board,
  KINDS,
  type KindResult,
  type Plan,
  type RandomResult,
  READ,
  type Task,
  TRIM,
  WRITE,
} from './shared.ts'
import { contentVersion, nextVersion } from './versions.ts'
import { positionOf } from './workload-file.ts'

/**
 * One worker's random phase: `depth` lanes, each with one operation in flight and one piece of
 * arena of its own. Nothing is allocated for an operation here but what the client does.
 */
export class RandomLoad {
  readonly #plan: Plan
  readonly #worker: number
  readonly #findings: Findings
  readonly #board: Board
  readonly #random: Random
  readonly #versions: Uint32Array
  /** 1 for a block of ours that has an operation in flight; index k is block worker + k * workers. */
  readonly #busy: Uint8Array
  readonly #kinds: KindResult[] = KINDS.map(() => ({
    count: 0,
    latency: createHistogram(),
    busyMicros: 0,
    idleMicros: 0,
  }))
  #zeroReads = 0
  #done = 0
  #began = 0
  #ended = 0
  #deadline = 0

  constructor(task: Task, findings: Findings) {
    const { plan, worker } = task
    this.#plan = plan
    this.#worker = worker
    this.#findings = findings
    this.#board = new Board(plan.board)
    this.#random = new Random(plan.seed, worker)
    this.#versions = new Uint32Array(plan.versions)
    this.#busy = new Uint8Array(Math.ceil((plan.blocks - worker) / plan.workers))
  }

  /** Works until the time is up, or until all workers are told to stop. */
  async run(client: Client, file: UringFile): Promise<void> {
    this.#began = now()
    this.#deadline = performance.now() + this.#plan.seconds * 1000
    try {
      await allOf(this.#board, this.#plan.depth, () => this.#lane(client, file))
    } finally {
      this.#ended = now()
    }
  }

  async #lane(client: Client, file: UringFile): Promise<void> {
    using lease = client.alloc(BLOCK_BYTES)
    const words = new Int32Array(lease.buffer, lease.byteOffset, BLOCK_WORDS)
    const { workers } = this.#plan
    const versions = this.#versions
    let time = performance.now()
    while (time < this.#deadline && !this.#board.stopped) {
      const kind = this.#drawKind()
      const mine = this.#takeBlock()
      const block = this.#worker + mine * workers
      const position = positionOf(block)
      const next = nextVersion(versions[block]!, kind)
      if (kind === WRITE) seal(words, 0, block, next)
      const began = performance.now()
      if (kind === READ) {
        const { bytesRead } = await file.read(lease, 0, BLOCK_BYTES, position)
        if (bytesRead !== BLOCK_BYTES) throw new Error(`the file ends early, in block ${block}`)
      } else if (kind === WRITE) {
        await file.write(lease, 0, BLOCK_BYTES, position)
      } else {
        await file.trim(position, BLOCK_BYTES)
      }
      time = performance.now()
      this.#record(kind, time - began)
      if (kind === READ) this.#verify(words, block)
      versions[block] = next
      this.#busy[mine] = 0
    }
  }

  #drawKind(): number {
    const drawn = this.#random.below(100)
    const [reads, writes] = this.#plan.mix
    if (drawn < reads) return READ
    return drawn < reads + writes ? WRITE : TRIM
  }

  /** Takes one of this worker's blocks that nothing is in flight on; there are more than lanes. */
  #takeBlock(): number {
    const busy = this.#busy
    let mine = this.#random.below(busy.length)
    while (busy[mine] === 1) mine = mine + 1 === busy.length ? 0 : mine + 1
    busy[mine] = 1
    return mine
  }

  #record(kind: number, milliseconds: number): void {
    const result = this.#kinds[kind]!
    result.count++
    result.latency.record(Math.max(1, Math.round(milliseconds * 1e6)))
    this.#done++
    this.#board.setDone(this.#worker, this.#done)
  }

  #verify(words: Int32Array, block: number): void {
    const version = contentVersion(this.#versions[block]!)
    if (!verify(words, 0, block, version)) this.#findings.mismatch(words, 0, block, version)
    else if (version === 0) this.#zeroReads++
  }

  /** What the client says about where the time of its operations went. */
  takeTimes(client: Client): void {
    const latency = client.latency()
    for (const [index, kind] of KINDS.entries()) {
      const times = latency[kind]
      if (times === undefined) continue
      const { busy, idle } = times
      const result = this.#kinds[index]!
      result.busyMicros = busy.mean * busy.count
      result.idleMicros = idle.mean * idle.count
    }
  }

  result(): RandomResult {
    return {
      ...this.#findings.result(),
      zeroReads: this.#zeroReads,
      kinds: this.#kinds,
      began: this.#began,
      ended: this.#ended,
    }
  }
}

/** A clock that all threads share, in milliseconds. */
function now(): number {
  return performance.timeOrigin + performance.now()
}
