import { UringError } from '../errors/index.ts'
import type { Outcome } from './operation.ts'
import type { RequestSpec, Transport } from './transport.ts'

/**
 * An operation as a generator of steps. It is written once and run in two ways: `runAsync` awaits
 * each step, `runSync` blocks the thread for it. What a step gives back:
 *
 *   allocate -> the first page of a block, which the generator must release
 *   start    -> a Pending; the request is on its way
 *   finish   -> the Outcome of a Pending
 */
export type Step =
  | { readonly do: 'allocate'; readonly byteLength: number }
  | { readonly do: 'start'; readonly spec: RequestSpec }
  | { readonly do: 'finish'; readonly pending: Pending }

/** A request on its way. */
export interface Pending {
  outcome: Outcome | null
  error: Error | null
  settled: (() => void) | null
}

export type Steps<T> = Generator<Step, T, unknown>

export function* allocate(byteLength: number): Generator<Step, number, unknown> {
  return (yield { do: 'allocate', byteLength }) as number
}

export function* start(spec: RequestSpec): Generator<Step, Pending, unknown> {
  return (yield { do: 'start', spec }) as Pending
}

export function* finish(pending: Pending): Generator<Step, Outcome, unknown> {
  return (yield { do: 'finish', pending }) as Outcome
}

export function* call(spec: RequestSpec): Generator<Step, Outcome, unknown> {
  const pending = (yield { do: 'start', spec }) as Pending
  return (yield { do: 'finish', pending }) as Outcome
}

/**
 * Runs the steps, awaiting only those that cannot be done at once: the first request of an
 * operation is posted before the call returns, unless it has to wait for room.
 */
export function runAsync<T>(transport: Transport, steps: Steps<T>, flags: number = 0): Promise<T> {
  return transport.ordered(flags, () => advance(transport, steps))
}

/** As `runAsync`, when the operations that are under way now have settled. */
export function runAfterOthers<T>(transport: Transport, steps: Steps<T>): Promise<T> {
  return transport.afterOthers(() => advance(transport, steps))
}

async function advance<T>(transport: Transport, steps: Steps<T>): Promise<T> {
  let next = steps.next()
  while (!next.done) {
    try {
      const value = takeStep(transport, next.value)
      next = steps.next(value instanceof Promise ? await value : value)
    } catch (error) {
      next = steps.throw(error)
    }
  }
  return next.value
}

/** Runs the steps with this thread blocked; every sleep is bounded. */
export function runSync<T>(transport: Transport, steps: Steps<T>): T {
  return transport.blocking(() => {
    let next = steps.next()
    while (!next.done) {
      try {
        next = steps.next(takeStepSync(transport, next.value))
      } catch (error) {
        next = steps.throw(error)
      }
    }
    return next.value
  })
}

function takeStep(transport: Transport, step: Step): unknown {
  transport.assertAlive()
  if (step.do === 'allocate') {
    const order = orderOf(transport, step.byteLength)
    const now = transport.operations.hasWaiting ? -1 : transport.arena.allocate(order)
    if (now >= 0) return now
    return new Promise((resolve, reject) => {
      transport.operations.whenReady(() => {
        if (transport.failure !== null) {
          reject(transport.failure)
          return true
        }
        const page = transport.arena.allocate(order)
        if (page >= 0) resolve(page)
        return page >= 0
      })
    })
  }
  if (step.do === 'start') return startPending(transport, step.spec)
  const { pending } = step
  return new Promise((resolve, reject) => {
    pending.settled = () => {
      if (pending.error !== null) reject(pending.error)
      else resolve(pending.outcome)
    }
    if (pending.outcome !== null || pending.error !== null) pending.settled()
  })
}

function takeStepSync(transport: Transport, step: Step): unknown {
  transport.assertAlive()
  if (step.do === 'allocate') {
    const order = orderOf(transport, step.byteLength)
    for (;;) {
      const page = transport.arena.allocate(order)
      if (page >= 0) return page
      if (transport.operations.outstandingCount === 0) throw arenaFull(transport, step.byteLength)
      transport.progressSync()
    }
  }
  if (step.do === 'start') return startPending(transport, step.spec)
  const { pending } = step
  while (pending.outcome === null && pending.error === null) transport.progressSync()
  if (pending.error !== null) throw pending.error
  return pending.outcome
}

function startPending(transport: Transport, spec: RequestSpec): Pending {
  const pending: Pending = { outcome: null, error: null, settled: null }
  transport.start(
    spec,
    (outcome) => {
      pending.outcome = outcome
      pending.settled?.()
    },
    (error) => {
      pending.error = error
      pending.settled?.()
    },
  )
  return pending
}

/** The order of a block of so many bytes; throws when the arena could never hold it. */
export function orderOf(transport: Transport, byteLength: number): number {
  const order = transport.arena.orderFor(byteLength)
  if (order > transport.arena.maxOrder) throw arenaFull(transport, byteLength)
  return order
}

export function arenaFull(transport: Transport, byteLength: number): UringError {
  const { arena } = transport
  return new UringError(
    'ERR_URING_ARENA_FULL',
    `no ${byteLength} bytes are free in this client's arena: it has ${arena.bytes.length} bytes, ` +
      `${arena.freeBytes} of them free, and a block may have ${arena.maxBlockBytes}. ` +
      'Release leases, or spawn the actor with a larger arenaBytes',
  )
}
