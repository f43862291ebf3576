import { type Actor, spawnActor } from '@uring-actor/actor'
import { Piscina } from 'piscina'
import { BLOCK_BYTES } from './block.ts'
import type { Options } from './options.ts'
import { Progress } from './progress.ts'
import { Board, type PhaseResult, type Plan, type RandomResult, type Task } from './shared.ts'
import { formatCount, formatSize } from './sizes.ts'
import { damage, type WorkloadFile } from './workload-file.ts'

/** What came of the whole job. */
export interface Outcome {
  readonly engine: string
  readonly engineReason: string
  /** Null when the job ended before it began. */
  readonly random: RandomResult[] | null
  /** Operations per submission in the random phase. */
  readonly meanBatch: number
  /** True when every block was read once more at the end. */
  readonly checked: boolean
  readonly phases: readonly PhaseResult[]
}

/** The workload from start to end: fill, random operations, last check. */
export class Job {
  readonly #options: Options
  readonly #file: WorkloadFile
  readonly #plan: Plan
  readonly #board: Board
  readonly #progress = new Progress()

  constructor(options: Options, file: WorkloadFile) {
    const { direct, workers, depth, mix, seed, seconds } = options
    const { path, blocks } = file
    this.#options = options
    this.#file = file
    this.#board = Board.create(workers)
    const versions = new SharedArrayBuffer(blocks * 4)
    const board = this.#board.memory
    this.#plan = { path, direct, blocks, workers, depth, mix, seed, seconds, versions, board }
  }

  /** Lets what is in flight finish, and `run` return with what was done. */
  stop(): void {
    this.#board.stop()
  }

  async run(): Promise<Outcome> {
    const { engine, workers } = this.#options
    await using actor = await spawnActor({ engine, maxClients: workers + 1 })
    const pool = new Piscina({
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
    })
    try {
      return await this.#phases(actor, pool)
    } finally {
      this.#progress.end()
      await pool.destroy()
    }
  }

  async #phases(actor: Actor, pool: Piscina): Promise<Outcome> {
    const { reason } = await actor.stats()
    const outcome = { engine: actor.engine, engineReason: reason, meanBatch: 0 }
    const filled = await this.#range(pool, 'fill')
    if (this.#board.stopped) return { ...outcome, random: null, checked: false, phases: filled }

    const before = await actor.stats()
    const random = await this.#random(pool)
    const after = await actor.stats()
    const submissions = after.submissions - before.submissions
    const submitted = after.submitted - before.submitted
    outcome.meanBatch = submissions === 0 ? 0 : submitted / submissions
    if (this.#board.stopped) return { ...outcome, random, checked: false, phases: random }

    if (this.#options.corrupt) damage(this.#file, this.#writtenBlock())
    const last = await this.#range(pool, 'check')
    const checked = !this.#board.stopped
    return { ...outcome, random, checked, phases: [...random, ...last] }
  }

  /** All workers go over their part of the file. */
  async #range(pool: Piscina, name: 'fill' | 'check'): Promise<PhaseResult[]> {
    const total = this.#plan.blocks * BLOCK_BYTES
    const size = formatSize(this.#options.size)
    this.#progress.begin(name, () => {
      const { done } = this.#board
      return { share: done / total, text: `${formatSize(floorMiB(done))} of ${size}` }
    })
    return this.#all<PhaseResult>(pool, name)
  }

  async #random(pool: Piscina): Promise<RandomResult[]> {
    const { seconds } = this.#plan
    const began = performance.now()
    let seen = 0
    let seenAt = began
    let rate = 0
    this.#progress.begin('random', () => {
      const at = performance.now()
      const { done } = this.#board
      // Over half a second at least: shorter looks only show noise.
      if (at - seenAt > 500) {
        rate = ((done - seen) / (at - seenAt)) * 1000
        seen = done
        seenAt = at
      }
      const elapsed = (at - began) / 1000
      const text = `${elapsed.toFixed(1)} of ${seconds} s`
      return {
        share: elapsed / seconds,
        text: rate === 0 ? text : `${text}, ${formatCount(rate)} ops/s`,
      }
    })
    return this.#all<RandomResult>(pool, 'random')
  }

  /** One task for each worker, all at the same time. */
  async #all<T>(pool: Piscina, name: string): Promise<T[]> {
    const tasks = Array.from({ length: this.#plan.workers }, (_, worker): Task => {
      return { plan: this.#plan, worker }
    })
    try {
      return await Promise.all(tasks.map((task) => pool.run(task, { name }) as Promise<T>))
    } catch (error) {
      // A thread has died: the others need not go on.
      this.#board.stop()
      throw error
    } finally {
      this.#progress.end()
      this.#board.clearDone()
    }
  }

  /** A block that holds content: damage to it must be found. */
  #writtenBlock(): number {
    const versions = new Uint32Array(this.#plan.versions)
    const block = versions.findIndex((word) => word % 2 === 1)
    return Math.max(block, 0)
  }
}

function floorMiB(bytes: number): number {
  return bytes < 2 ** 20 ? bytes : bytes - (bytes % 2 ** 20)
}
