import { UringError } from '../errors/index.ts'
import type { CallBounds } from './call-bounds.ts'
import type { Line } from './line.ts'
import type { Outcome } from './operation.ts'
import { ordered } from './ordered.ts'
import type { RequestSpec } from './request-spec.ts'
import { startRequest } from './start-request.ts'
import type { Transport } from './transport.ts'
import { takeTurn } from './turn.ts'
import type { Runs } from './turns.ts'

/**
 * An operation as a generator of steps. It is written once and run in two ways: `runAsync` awaits
 * each step, `runSync` blocks the thread for it. What a step gives back:
 *
 *   line     -> whether the generator holds the line now, which it must pass on
 *   allocate -> the first page of a block, which the generator must release; where no operation is in flight that
 *               will give its memory back, of `least` bytes at least
 *   start    -> a Pending; the request is on its way
 *   finish   -> the Outcome of a Pending
 *   look     -> whether the caller still wants the result
 *   keep     -> nothing; what a read has brought for a caller who does not wait any more
 *
 * When the caller gives the operation up, `line`, `allocate` and `start` throw, unless the step says that it
 * mends something; `finish` still waits, so that a generator which releases its memory when it ends
 * does so when nothing is in flight.
 */
export type Step =
  | { readonly do: 'line'; readonly line: Line }
  | { readonly do: 'allocate'; readonly byteLength: number; readonly least?: number }
  | { readonly do: 'start'; readonly spec: RequestSpec; readonly mending?: boolean }
  | { readonly do: 'finish'; readonly pending: Pending }
  | { readonly do: 'look'; readonly beforeMore: boolean }
  | { readonly do: 'keep'; readonly bytes: Uint8Array }

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

/** A request that is made also when the caller has given up, because it undoes what was done. */
export function* mend(spec: RequestSpec): Generator<Step, Outcome, unknown> {
  const pending = (yield { do: 'start', spec, mending: true }) as Pending
  return (yield { do: 'finish', pending }) as Outcome
}

/** False when the caller has given the operation up: his memory is his own again. */
export function* isWanted(): Generator<Step, boolean, unknown> {
  return (yield { do: 'look', beforeMore: false }) as boolean
}

/** The same, asked before more is done: the operation is then stopped, not finished. */
export function* mayGoOn(): Generator<Step, boolean, unknown> {
  return (yield { do: 'look', beforeMore: true }) as boolean
}

export function* keep(bytes: Uint8Array): Generator<Step, void, unknown> {
  yield { do: 'keep', bytes }
}

/**
 * Runs the steps, awaiting only those that cannot be done at once: the first request of an
 * operation is posted before the call returns, unless it has to wait for room.
 */
export function runAsync<T>(
  transport: Transport,
  steps: Steps<T>,
  flags: number = 0,
  bounds: CallBounds | null = null,
  of: Runs | null = null,
): Promise<T> {
  const since = transport.trace.now()
  return ordered(transport, flags, () => advance(transport, steps, bounds, since), bounds, of)
}

/** As `runAsync`, when those operations of a file that are under way now have settled. */
export function runAfter<T>(transport: Transport, others: Runs, steps: Steps<T>): Promise<T> {
  const since = transport.trace.now()
  return transport.turns.takeAfter(others, () => advance(transport, steps, null, since))
}

/** As `runAsync`, when all that is under way now has settled. */
export function runAfterAll<T>(
  transport: Transport,
  steps: Steps<T>,
  bounds: CallBounds | null,
): Promise<T> {
  const since = transport.trace.now()
  return transport.turns.takeAfterAll(() => advance(transport, steps, bounds, since))
}

async function advance<T>(
  transport: Transport,
  steps: Steps<T>,
  bounds: CallBounds | null,
  since: number,
): Promise<T> {
  bounds?.enter()
  // What the first request has waited since, the call has; the later ones begin when they are made.
  let called = since
  let next = steps.next()
  while (!next.done) {
    try {
      const step = next.value
      const value = takeStep(transport, step, bounds, called)
      if (step.do === 'start') called = 0
      if (value instanceof Promise) {
        const come = await value
        if (step.do === 'allocate') transport.operations.entered()
        next = steps.next(come)
      } else next = steps.next(value)
    } catch (error) {
      next = steps.throw(error)
    }
  }
  bounds?.ended()
  return next.value
}

/** Runs the steps with this thread blocked; every sleep is bounded. */
export function runSync<T>(transport: Transport, steps: Steps<T>): T {
  return transport.blocking(() => {
    let called = transport.trace.now()
    let next = steps.next()
    while (!next.done) {
      try {
        const step = next.value
        const value = takeStepSync(transport, step, called)
        if (step.do === 'start') called = 0
        next = steps.next(value)
      } catch (error) {
        next = steps.throw(error)
      }
    }
    return next.value
  })
}

function takeStep(
  transport: Transport,
  step: Step,
  bounds: CallBounds | null,
  since: number,
): unknown {
  transport.assertAlive()
  if (step.do === 'line') {
    bounds?.goOn()
    return takeTurn(transport, step.line, bounds)
  }
  if (step.do === 'allocate') {
    bounds?.goOn()
    return takeMemory(transport, step.byteLength, step.least ?? step.byteLength, bounds)
  }
  if (step.do === 'start') {
    if (step.mending) return startPending(transport, step.spec, null, since)
    bounds?.goOn()
    return startPending(transport, step.spec, bounds, since)
  }
  if (step.do === 'look') {
    if (bounds === null) return true
    return step.beforeMore ? bounds.mayGoOn() : bounds.givenUp === null
  }
  if (step.do === 'keep') {
    if (bounds !== null) bounds.kept = step.bytes
    return undefined
  }
  const { pending } = step
  return new Promise((resolve, reject) => {
    pending.settled = () => {
      if (pending.error !== null) reject(pending.error)
      else resolve(pending.outcome)
    }
    if (pending.outcome !== null || pending.error !== null) pending.settled()
  })
}

/** The first page of a block, now or when there is one. */
function takeMemory(
  transport: Transport,
  byteLength: number,
  least: number,
  bounds: CallBounds | null,
): number | Promise<number> {
  const order = orderOf(transport, byteLength)
  const now = transport.operations.hasWaiting ? -1 : allocateNow(transport, order, least)
  if (now >= 0) return now
  bounds?.refuseWait(byteLength)
  return new Promise((resolve, reject) => {
    const enter = (): boolean => {
      if (transport.failure !== null) {
        reject(transport.failure)
        return true
      }
      const page = allocateNow(transport, order, least)
      if (page < 0) return false
      transport.operations.entering()
      resolve(page)
      return true
    }
    if (bounds === null) transport.operations.whenReady(enter)
    else bounds.waitInLine((start) => transport.operations.whenReady(start), enter, reject)
  })
}

/** A block of this order; of a lower one only where nothing is in flight, so that there will be no better one. */
function allocateNow({ arena, operations }: Transport, order: number, least: number): number {
  if (operations.outstandingCount > 0) return arena.allocate(order)
  return arena.allocateWithin(arena.orderFor(least), order)
}

function takeStepSync(transport: Transport, step: Step, since: number): unknown {
  transport.assertAlive()
  if (step.do === 'line') return false
  if (step.do === 'allocate') {
    const order = orderOf(transport, step.byteLength)
    for (;;) {
      const page = allocateNow(transport, order, step.least ?? step.byteLength)
      if (page >= 0) return page
      if (transport.operations.outstandingCount === 0) throw arenaFull(transport, step.byteLength)
      transport.progressSync()
    }
  }
  if (step.do === 'start') return startPending(transport, step.spec, null, since)
  if (step.do === 'look') return true
  if (step.do === 'keep') return undefined
  const { pending } = step
  while (pending.outcome === null && pending.error === null) transport.progressSync()
  if (pending.error !== null) throw pending.error
  return pending.outcome
}

function startPending(
  transport: Transport,
  spec: RequestSpec,
  bounds: CallBounds | null,
  since: number,
): Pending {
  const pending: Pending = { outcome: null, error: null, settled: null }
  startRequest(
    transport,
    spec,
    (outcome) => {
      pending.outcome = outcome
      pending.settled?.()
    },
    (error) => {
      pending.error = error
      pending.settled?.()
    },
    bounds,
    since,
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
