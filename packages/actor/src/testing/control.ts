import type { MessagePort } from 'node:worker_threads'
import { UringError } from '@uring-actor/client'
import { wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { checkRule } from './check-plan.ts'
import type { FaultEvent } from './history.ts'
import { Pause } from './pause.ts'
import type { FaultRule } from './plan.ts'

/** A file of the simulated disk. */
export interface DiskFile {
  /** What programs read. */
  readonly bytes: Uint8Array
  /** What is on the disk for certain: changes that were not synced may be, or not. */
  readonly durable: Uint8Array
}

/** What the engine answers to in the actor's thread. */
export interface FaultControl {
  inject(rule: FaultRule): void
  cutPower(): void
  restorePower(): void
  hold(): void
  release(): void
  refuse(): void
  accept(): void
  pause(word: Int32Array): void
  step(micros: number | null): Promise<void>
  run(): Promise<void>
  automatic(): void
  history(from: number): FaultEvent[]
  operations(): number
  file(path: string): DiskFile | null
}

/**
 * Steers the faults of a test actor, from the thread that spawned it. Each call takes effect before
 * its promise resolves, and after what this thread has posted before.
 */
export class Faults {
  readonly #port: MessagePort
  readonly #control: ReturnType<typeof wrap<FaultControl>>
  readonly #memory: boolean
  readonly #unanswered = new Set<(error: Error) => void>()
  #pause: Pause | null = null
  #ended = false

  constructor(port: MessagePort, memory: boolean) {
    this.#port = port
    this.#memory = memory
    this.#control = wrap<FaultControl>(nodeEndpoint(port))
    port.unref()
    port.on('close', () => {
      this.#ended = true
      for (const lost of this.#unanswered) lost(exited())
    })
  }

  /** Adds a rule to those of the plan. */
  async inject(rule: FaultRule): Promise<void> {
    checkRule(rule, 'rule', this.#memory)
    return this.#ask(() => this.#control.inject(rule))
  }

  /**
   * Cuts the power of the simulated disk. What is in flight fails with EIO, and so does what comes
   * until `restorePower`, and for ever what comes on files that are open now. Of what was not synced
   * any part may be lost, sector by sector. Nothing happens when there is no power already.
   */
  cutPower(): Promise<void> {
    return this.#onDisk(() => this.#control.cutPower())
  }

  /** The simulated disk works again, with what has survived: open the files anew. */
  restorePower(): Promise<void> {
    return this.#onDisk(() => this.#control.restorePower())
  }

  /** Keeps results back: operations are carried out, and nobody hears of it until `release`. */
  hold(): Promise<void> {
    return this.#ask(() => this.#control.hold())
  }

  release(): Promise<void> {
    return this.#ask(() => this.#control.release())
  }

  /**
   * Refuses submissions, as a kernel that is busy: what the actor has begun waits, and when it is as
   * much as one submission holds, so does what comes then; until `accept`. Nothing completes meanwhile.
   */
  refuse(): Promise<void> {
    return this.#ask(() => this.#control.refuse())
  }

  accept(): Promise<void> {
    return this.#ask(() => this.#control.accept())
  }

  /**
   * Has the actor's thread stand still from when the promise resolves until `resume`: what is posted
   * meanwhile waits in the channels, and so do all other calls of this class.
   */
  pause(): Promise<void> {
    const pause = this.#pause ?? new Pause()
    this.#pause = pause
    // The call itself is answered only when the pause is over.
    return this.#ask(() => Promise.race([pause.begun(), this.#control.pause(pause.word)]))
  }

  /** Ends the pause, at once. */
  resume(): void {
    this.#pause?.end()
    this.#pause = null
  }

  /**
   * With `time: 'manual'`: lets time go on by so many microseconds of virtual time, or to the next
   * result. Operations that this thread has begun before are taken first.
   */
  step(micros?: number): Promise<void> {
    return this.#ask(() => this.#control.step(micros ?? null))
  }

  /** With `time: 'manual'`: lets time go on until nothing is in flight. */
  run(): Promise<void> {
    return this.#ask(() => this.#control.run())
  }

  /** What was injected so far, from the entry of this index on. */
  history(from: number = 0): Promise<FaultEvent[]> {
    return this.#ask(() => this.#control.history(from))
  }

  /** How many operations have begun: the number of the next one. */
  operations(): Promise<number> {
    return this.#ask(() => this.#control.operations())
  }

  /** A copy of a file of the simulated disk; null when there is none of this name. */
  file(path: string): Promise<DiskFile | null> {
    return this.#onDisk(() => this.#control.file(path))
  }

  /** Internal: from now on nothing is kept back, so that the actor can close. */
  async letGo(): Promise<void> {
    this.resume()
    await this.#ask(() => this.#control.automatic())
    await this.accept()
    await this.release()
  }

  #onDisk<T>(call: () => Promise<T>): Promise<T> {
    if (this.#memory) return this.#ask(call)
    return Promise.reject(new TypeError("there is a simulated disk only with wrap: 'memory'"))
  }

  /** Asks when what this turn has posted is published; keeps the process alive meanwhile. */
  async #ask<T>(call: () => Promise<T>): Promise<T> {
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#ended) throw exited()
    let lost: (error: Error) => void = () => {}
    try {
      return await new Promise<T>((resolve, reject) => {
        lost = reject
        this.#unanswered.add(lost)
        this.#port.ref()
        call().then(resolve, reject)
      })
    } finally {
      this.#unanswered.delete(lost)
      if (this.#unanswered.size === 0) this.#port.unref()
    }
  }
}

function exited(): UringError {
  return new UringError('ERR_URING_ACTOR_EXITED', "the actor's thread has ended")
}
