import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import type { ActorStats, Client } from '@uring-actor/client'
import type { Actor } from '../spawn/actor.ts'
import { ERROR_TYPE, OPERATION } from './names.ts'

/** Errors of an actor, or a client, that has ended: it has no statistics any more. */
const ENDED: readonly unknown[] = [
  'ERR_URING_ACTOR_CLOSING',
  'ERR_URING_ACTOR_EXITED',
  'ERR_URING_CLIENT_CLOSED',
]

/**
 * Makes metrics of an actor's statistics, which are asked for when metrics are collected. Returns
 * what stops it.
 */
export function observeStatistics(meter: Meter, source: Actor | Client): () => void {
  const observed = new ActorMetrics(meter)
  const collect = async (result: BatchObservableResult): Promise<void> => {
    const stats = await statisticsOf(source)
    if (stats !== undefined) observed.tell(result, stats)
  }
  meter.addBatchObservableCallback(collect, observed.all)
  return () => meter.removeBatchObservableCallback(collect, observed.all)
}

/** Undefined once there is nobody to ask: then there are no metrics, which is no error. */
async function statisticsOf(source: Actor | Client): Promise<ActorStats | undefined> {
  if (source.closed) return undefined
  try {
    return await ('actorStats' in source ? source.actorStats() : source.stats())
  } catch (error) {
    if (ENDED.includes((error as NodeJS.ErrnoException).code)) return undefined
    throw error
  }
}

class ActorMetrics {
  readonly all: Observable[] = []
  readonly #meter: Meter
  readonly #operations: Observable
  readonly #errors: Observable
  readonly #bytes: Observable
  readonly #inFlight: Observable
  readonly #clients: Observable
  readonly #openFiles: Observable
  readonly #time: Observable
  readonly #cachedReads: Observable
  readonly #cachedWrites: Observable
  readonly #submitted: Observable
  readonly #submissions: Observable
  readonly #enters: Observable
  readonly #sleeps: Observable
  readonly #wakes: Observable

  constructor(meter: Meter) {
    this.#meter = meter
    this.#operations = this.#counter('operations', '{operation}', 'Operations completed, in all.')
    this.#errors = this.#counter('errors', '{error}', 'Operations completed with an error.')
    this.#bytes = this.#counter('io', 'By', 'Bytes that reads and writes have transferred.')
    this.#inFlight = this.#level('in_flight', '{operation}', 'Operations in flight.')
    this.#clients = this.#level('clients', '{client}', 'Clients connected.')
    this.#openFiles = this.#level('open_files', '{file}', 'Files open in the actor.')
    this.#time = this.#counter('time', 's', "The actor's time in its own code, and waiting.")
    this.#cachedReads = this.#counter(
      'cached_reads',
      '{operation}',
      'Reads that clients have made themselves, from the page cache.',
    )
    this.#cachedWrites = this.#counter(
      'cached_writes',
      '{operation}',
      'Writes to the page cache that the actor has made itself.',
    )
    this.#submitted = this.#counter('submitted', '{operation}', 'Operations submitted to the ring.')
    this.#submissions = this.#counter(
      'submissions',
      '{call}',
      'Calls of io_uring_enter that submitted operations.',
    )
    this.#enters = this.#counter(
      'enters',
      '{call}',
      'Calls of io_uring_enter, also those that only waited.',
    )
    this.#sleeps = this.#counter('sleeps', '{sleep}', 'Times that the actor slept.')
    this.#wakes = this.#counter('wakes', '{wake}', "Times that a client's thread was woken.")
  }

  #counter(name: string, unit: string, description: string): Observable {
    const options = { unit, description }
    return this.#keep(this.#meter.createObservableCounter(`uring_actor.${name}`, options))
  }

  /** What goes up and down, and may be added up over processes. */
  #level(name: string, unit: string, description: string): Observable {
    const options = { unit, description }
    return this.#keep(this.#meter.createObservableUpDownCounter(`uring_actor.${name}`, options))
  }

  #keep(observable: Observable): Observable {
    this.all.push(observable)
    return observable
  }

  tell(result: BatchObservableResult, stats: ActorStats): void {
    for (const [name, operation] of Object.entries(stats.operations)) {
      const attributes = { [OPERATION]: name }
      result.observe(this.#operations, operation.count, attributes)
      if (operation.bytes > 0) result.observe(this.#bytes, operation.bytes, attributes)
      for (const [code, count] of Object.entries(operation.errorCodes)) {
        result.observe(this.#errors, count, { ...attributes, [ERROR_TYPE]: code })
      }
    }
    result.observe(this.#inFlight, stats.inFlight)
    result.observe(this.#clients, stats.clients.length)
    result.observe(this.#openFiles, stats.openFiles)
    result.observe(this.#time, stats.busyMicros / 1e6, { 'uring_actor.state': 'busy' })
    result.observe(this.#time, stats.idleMicros / 1e6, { 'uring_actor.state': 'idle' })
    result.observe(this.#cachedReads, stats.cachedReads)
    result.observe(this.#cachedWrites, stats.cachedWrites)
    result.observe(this.#submitted, stats.submitted)
    result.observe(this.#submissions, stats.submissions)
    result.observe(this.#enters, stats.enters)
    result.observe(this.#sleeps, stats.blocks, { 'uring_actor.sleep': 'kernel' })
    result.observe(this.#sleeps, stats.parks, { 'uring_actor.sleep': 'event_loop' })
    result.observe(this.#wakes, stats.wakes)
  }
}
