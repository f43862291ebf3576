import { OPERATION_WRITE } from '@uring-actor/client/protocol'
import type { CompletionSink, Engine, EngineCounters, ResultSink } from '../engine/engine.ts'
import { ROW_ASKED, ROW_DONE, ROW_FILE, ROW_LEN, ROW_WORDS } from '../operations/operation-table.ts'
import type { FaultKind } from './history.ts'
import { Injector, isTransfer, type Operation } from './injector.ts'
import type { MemoryDisk } from './memory-disk.ts'
import type { ResolvedPlan } from './plan.ts'
import { Random } from './random.ts'
import { Schedule } from './schedule.ts'
import type { Try } from './try.ts'
import type { VirtualTime } from './virtual-time.ts'
import { WrappedEngine } from './wrapped-engine.ts'

const EIO = -5
const ECANCELED = -125
/** Submissions refused one after the other, at most. */
const MOST_BUSY = 3
/** What the generators are for, so that their numbers differ. */
const FOR_TIMES = 1
const FOR_SUBMISSION = 2
const FOR_SYNC = 3
const FOR_POWER = 4

/**
 * The engine with faults: takes what the dispatcher begins, decides what becomes of it, and lets
 * the engine below carry it out when its time has come. Time is virtual. In `auto` it goes on when
 * the actor has found nothing more to take, so what a client has published together is begun
 * together.
 *
 *   invariant:   each try is delivered once; until then `#tries[row]` holds it
 */
export class FaultEngine extends WrappedEngine implements Engine {
  readonly injector: Injector
  readonly time: VirtualTime
  readonly #plan: ResolvedPlan
  readonly #disk: MemoryDisk | null
  readonly #words: Int32Array
  readonly #tries: Array<Try | null>
  readonly #schedule = new Schedule<Try>()
  #begun: Try[] = []
  #held: Try[] = []
  /** Tries whose results are to be delivered. */
  #ended: Try[] = []
  /** Those asked for, and those of them that were not refused. */
  #submissions = 0
  #accepted = 0
  #submitted = 0
  #busy = 0
  #cuts = 0
  #holding = false
  #refusing = false

  constructor(plan: ResolvedPlan, time: VirtualTime, inner: Engine, disk: MemoryDisk | null) {
    super(`faults(${inner.name})`, inner, Math.min(inner.chainLength, plan.queueEntries))
    this.time = time
    const factsOf = (slot: number) => disk?.factsOf(slot) ?? this.files[slot]
    this.injector = new Injector(plan, inner.table, time, factsOf)
    this.#plan = plan
    this.#disk = disk
    this.#words = inner.table.words
    this.#tries = new Array(inner.table.capacity).fill(null)
  }

  get room(): number {
    return this.#plan.queueEntries - this.#begun.length
  }
  get unsubmitted(): number {
    return this.#begun.length
  }
  get inFlight(): number {
    const moving = this.#schedule.next <= this.time.limit ? this.#schedule.size : 0
    return this.inner.inFlight + moving + this.#ended.length
  }
  get counters(): EngineCounters {
    const { overflow, cachedWrites } = this.inner.counters
    const [enters, submissions] = [this.#submissions, this.#accepted]
    return { enters, submissions, submitted: this.#submitted, overflow, cachedWrites }
  }

  hasWork(): boolean {
    return this.#ended.length > 0 || this.inner.hasWork()
  }

  begin(row: number, linked: boolean): void {
    this.#begin(row, false, this.#words[row * ROW_WORDS + ROW_FILE], false, linked)
  }

  beginSync(row: number, file: number, data: boolean): void {
    this.#begin(row, true, file, data, false)
  }

  #begin(row: number, sync: boolean, file: number, data: boolean, linked: boolean): void {
    if (this.room === 0) throw new Error('a request was begun without room for it')
    if (this.#tries[row] !== null) throw new Error(`row ${row} was begun while it is in flight`)
    const operation = this.injector.operationOf(row, sync)
    const length = this.#words[row * ROW_WORDS + ROW_LEN]
    const begun: Try = {
      row,
      sync,
      file,
      data,
      next: null,
      linked,
      operation,
      number: operation.tries,
      stage: 'begun',
      cancelled: false,
      result: 0,
      asked: isTransfer(operation.kind) ? length - this.#words[row * ROW_WORDS + ROW_DONE] : 0,
      length,
      shortened: false,
      endDelay: 0,
    }
    this.inner.table.begun(row)
    this.#tries[row] = begun
    this.#begun.push(begun)
    this.injector.record(operation, 'begun', row, begun.asked, 0)
  }

  cancel(row: number): void {
    const known = this.#tries[row]
    if (!known) return
    if (known.stage === 'running') this.inner.cancel(row)
    else if (known.stage !== 'ending') known.cancelled = true
  }

  /**
   * Takes what was begun; delivers only when there is none, so that how much goes down together does
   * not depend on how long anything took.
   */
  submit(sink: CompletionSink): number {
    if (this.#begun.length === 0) return this.poll(sink)
    const { seed, rates } = this.#plan
    this.leftOver = this.#begun.length
    if (this.#refusing) return 0
    const random = new Random(seed, FOR_SUBMISSION, ++this.#submissions)
    if (this.#busy < MOST_BUSY && random.chance(rates.busy)) {
      this.#busy++
      this.injector.record(null, 'busy', -1, 0, -16)
      return 0
    }
    this.#busy = 0
    this.leftOver = 0
    const begun = this.#begun
    this.#begun = []
    this.#accepted++
    this.#submitted += begun.length
    let before: Try | null = null
    for (const each of begun) {
      if (before?.linked) before.next = each
      before = each
    }
    before = null
    for (const each of begun) {
      if (!before?.linked) this.#wait(each)
      before = each
    }
    for (const each of begun) if (each.operation.powerCut) this.cutPower(each.operation)
    return 0
  }

  /** Sets the time at which a try runs. */
  #wait(waiting: Try): void {
    const { seed, delayLeast, delayMost } = this.#plan
    const { operation } = waiting
    const random = new Random(seed, FOR_TIMES, operation.number, waiting.number)
    const delay = random.between(delayLeast, delayMost) + operation.delay
    const before = random.between(0, delay)
    waiting.endDelay = delay - before
    operation.delay = 0
    waiting.stage = 'waiting'
    this.#schedule.add(this.time.now + before, random.next(), waiting)
  }

  /** Its time has come: a fault, or the engine below. */
  #run(waiting: Try): void {
    const { operation, row } = waiting
    const { interrupts, cuts } = operation
    const done = this.#words[row * ROW_WORDS + ROW_DONE]
    if (waiting.cancelled) this.#end(waiting, ECANCELED, 'cancelled')
    else if (this.isCutOff(waiting.file)) this.#end(waiting, EIO, 'power-off')
    else if (interrupts.length > 0) this.#end(waiting, interrupts.shift() as number, 'interrupt')
    else if (operation.error < 0 && done >= operation.errorAt) this.#fail(waiting)
    else {
      while (cuts.length > 0 && cuts[0] <= done) cuts.shift()
      waiting.stage = 'running'
      if (cuts.length > 0 && cuts[0] < waiting.length) {
        waiting.shortened = true
        this.#words[row * ROW_WORDS + ROW_LEN] = cuts[0]
      }
      if (waiting.sync) this.inner.beginSync(row, waiting.file, waiting.data)
      else this.inner.begin(row, false)
    }
  }

  #fail(waiting: Try): void {
    const { operation } = waiting
    if (waiting.sync) {
      const random = new Random(this.#plan.seed, FOR_SYNC, operation.number)
      this.#disk?.handle(waiting.file)?.file.failSync(random)
    }
    this.#end(waiting, operation.error, 'error')
  }

  /** No power, or it has been cut since the file at this slot was opened; -1: no file. */
  isCutOff(file: number): boolean {
    const disk = this.#disk
    return disk !== null && (!disk.powered || (file >= 0 && (disk.handle(file)?.stale ?? true)))
  }

  /** The engine below has done what it was asked for. */
  readonly #completed: CompletionSink = {
    completed: (row, res) => {
      const done = this.#tries[row] as Try
      if (!done.shortened) this.#end(done, res, 'completed')
      else {
        this.#words[row * ROW_WORDS + ROW_LEN] = done.length
        this.#words[row * ROW_WORDS + ROW_ASKED] = done.asked
        this.#end(done, res, 'short')
      }
    },
    // What has completed is delivered later, when its time has come.
    reaping: () => {},
  }

  #end(ending: Try, result: number, how: FaultKind): void {
    this.injector.record(ending.operation, how, ending.row, ending.asked, result)
    ending.stage = 'ending'
    ending.result = result
    const { seed } = this.#plan
    const random = new Random(seed, FOR_TIMES, ending.operation.number, ending.number, 1)
    this.#schedule.add(this.time.now + ending.endDelay, random.next(), ending)
    const { next } = ending
    if (next === null) return
    // As in the kernel, a short transfer breaks the link too.
    if (result < 0 || result < ending.asked) this.#end(next, ECANCELED, 'cancelled')
    else this.#wait(next)
  }

  /** Delivers what has ended. */
  poll(sink: ResultSink): number {
    if (this.#disk === null) this.inner.submit(this.#completed)
    const ended = this.#ended
    if (ended.length === 0) return 0
    this.#ended = []
    for (const { row, result } of ended) {
      this.#tries[row] = null
      sink.completed(row, result)
    }
    return ended.length
  }

  /**
   * The actor has nothing to do: time goes on, to the next result. Everything that is due at the same
   * time happens together, in an order of chance.
   */
  #advance(): void {
    const { time } = this
    const schedule = this.#schedule
    while (this.#ended.length === 0) {
      const due = schedule.next
      if (schedule.size === 0 || due > time.limit) {
        if (this.inner.inFlight > 0 || !time.reachLimit()) return
        continue
      }
      time.now = due
      while (schedule.next <= due) this.#reach(schedule.take())
      this.inner.submit(this.#completed)
    }
    time.resulted()
  }

  #reach(reached: Try): void {
    if (reached.stage !== 'ending') this.#run(reached)
    else if (this.#holding) this.#held.push(reached)
    else this.#ended.push(reached)
  }

  block(timeoutMicros: number): void {
    this.#advance()
    if (this.#ended.length === 0) this.inner.block(timeoutMicros)
  }

  /** Parked, too, the actor has nothing to do. */
  setParked(parked: boolean): void {
    this.inner.setParked(parked)
    if (parked) this.#advance()
  }

  /** Keeps results back from now on. */
  hold(): void {
    this.#holding = true
  }

  /** Gives out what was kept back, and keeps back nothing more. */
  release(): void {
    this.#holding = false
    this.#ended.push(...this.#held.splice(0))
  }

  /** Refuses every submission from now on: what was begun stays where it is. */
  refuse(): void {
    this.#refusing = true
  }

  accept(): void {
    this.#refusing = false
  }

  /**
   * Cuts the power of the simulated disk. What is in flight may be done or not, and fails with EIO; so
   * does all that comes until the power is back, and on files that are open now.
   */
  cutPower(cause: Operation | null): void {
    const disk = this.#disk
    if (disk === null) throw new Error("only a plan with wrap: 'memory' has power to cut")
    if (!disk.powered) return
    const random = new Random(this.#plan.seed, FOR_POWER, ++this.#cuts)
    this.injector.record(cause, 'power-cut', -1, 0, EIO)
    const flying = [...this.#begun, ...this.#schedule.clear(), ...this.#held, ...this.#ended]
    this.#begun = []
    this.#held = []
    for (const each of flying) if (random.chance(0.5)) this.#perhapsDone(each)
    disk.cutPower(random)
    this.#ended = []
    for (const each of flying) {
      const waits = each.stage === 'waiting'
      this.#cutOff(each)
      for (let next = each.next; waits && next !== null; next = next.next) this.#cutOff(next)
    }
  }

  /** A write that was in flight when the power went: its bytes may have come as far as the disk. */
  #perhapsDone(flying: Try): void {
    if (flying.stage === 'ending' || flying.sync || this.isCutOff(flying.file)) return
    if (flying.operation.kind !== OPERATION_WRITE) return
    this.inner.begin(flying.row, false)
    this.inner.poll({ completed: () => {} })
  }

  #cutOff(flying: Try): void {
    this.injector.record(flying.operation, 'power-off', flying.row, flying.asked, EIO)
    flying.stage = 'ending'
    flying.result = EIO
    this.#ended.push(flying)
  }
}
