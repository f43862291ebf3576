// Operations that are aborted, or time out, at any moment: before they are posted, while they wait,
// in flight, or too late; and some that must not wait. What became of them is written down as well, and verified.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CallOptions, OperationOutcome, UringFile } from '@uring-actor/client'
import { CODE_TRAMPLED, codeOf } from './codes.ts'
import { BLOCK_BYTES, type Memory, memoryOf } from './content.ts'
import {
  DATASYNC,
  FORM_ABORT,
  FORM_DURABLE,
  FORM_LEASE,
  FORM_NO_WAIT,
  NOP,
  OPEN,
  READ,
  STAT,
  SYNC_RANGE,
  TRIM,
  WRITE,
} from './kinds.ts'
import type { Invocation, Lane, Target } from './lane.ts'
import { close } from './other-operations.ts'
import { DIRECT_FILE } from './plan.ts'

/** States of an outcome in the history. */
const STATES = { 'not-started': 0, cancelled: 1, finished: 2 } as const

/** One call, with bounds, and what it has brought. */
interface Bounded {
  readonly invocation: Invocation
  readonly call: (bounds: CallOptions) => Promise<unknown>
  /** Bytes that the value tells of. */
  readonly count: (value: unknown) => number
  /** Where the blocks are that it has read; null for what reads none. */
  readonly read: ((value: unknown) => Memory) | null
  /** The caller's own memory: his again when the promise is rejected. */
  readonly memory: Uint8Array | null
  /** What there is to do with a value. */
  readonly after?: (value: unknown) => Promise<unknown>
}

/** What kind of operation it is, drawn together with its target. */
export function givenUpOperation(lane: Lane, target: Target, place: number): Promise<void> {
  const { random } = lane
  const drawn = random.below(100)
  const form = FORM_ABORT | (random.chance(400) ? FORM_LEASE : 0)
  if (drawn < 40) return giveUp(lane, target, place, read(lane, target, form, place))
  if (drawn < 80) return giveUp(lane, target, place, write(lane, target, form, place))
  return giveUp(lane, target, place, other(lane, target, drawn))
}

function rangeOf({ file, block, count }: Target) {
  return { file, position: block * BLOCK_BYTES, length: count * BLOCK_BYTES }
}

function read(lane: Lane, target: Target, form: number, place: number): Bounded {
  const { handle } = target
  const { file, position, length } = rangeOf(target)
  const { bytes } = lane.places[place]![0].memory(form)
  return {
    invocation: { kind: READ, form, file, position, length },
    call: (bounds) => handle.read(bytes, 0, length, position, bounds),
    count: (value) => (value as { bytesRead: number }).bytesRead,
    // One that finishes anyway brings its bytes in a buffer of its own.
    read: (value) => copyOf((value as { buffer: Uint8Array }).buffer, length),
    memory: form & FORM_LEASE ? null : bytes,
  }
}

function copyOf(bytes: Uint8Array, length: number): Memory {
  return memoryOf(new Uint8Array(bytes.subarray(0, length)))
}

function write(lane: Lane, target: Target, form: number, place: number): Bounded {
  const { handle } = target
  const { file, position, length } = rangeOf(target)
  const memory = lane.places[place]![0].memory(form)
  const version = lane.sealAll(memory, target)
  const durable = lane.random.chance(20)
  return {
    invocation: {
      kind: WRITE,
      form: durable ? form | FORM_DURABLE : form,
      file,
      position,
      length,
      version,
    },
    call: (bounds) =>
      durable
        ? handle.writeDurable(memory.bytes, 0, length, position, bounds)
        : handle.write(memory.bytes, 0, length, position, bounds),
    count: (value) => (value as { bytesWritten: number }).bytesWritten,
    read: null,
    memory: form & FORM_LEASE ? null : memory.bytes,
  }
}

function other(lane: Lane, target: Target, drawn: number): Bounded {
  const { handle } = target
  const { client } = lane.session
  const { file, position, length } = rangeOf(target)
  const at = { form: FORM_ABORT, file, position, length }
  const plain = { count: () => 0, read: null, memory: null }
  if (drawn < 90) {
    const version = lane.takeVersions(target.count)
    const invocation = { kind: TRIM, ...at, version }
    return { ...plain, invocation, call: (bounds) => handle.trim(position, length, bounds) }
  }
  if (drawn < 93) {
    const call = (bounds: CallOptions) => handle.stat(bounds)
    const count = (value: unknown): number => (value as { size: number }).size
    return { ...plain, invocation: { kind: STAT, ...at }, call, count }
  }
  if (drawn < 95) {
    const call = (bounds: CallOptions) => handle.syncRange(position, length, bounds)
    return { ...plain, invocation: { kind: SYNC_RANGE, ...at }, call }
  }
  if (drawn < 96) {
    const call = (bounds: CallOptions) => handle.datasync(bounds)
    return { ...plain, invocation: { kind: DATASYNC, ...at }, call }
  }
  if (drawn < 98) {
    const call = (bounds: CallOptions) => client.nop(bounds)
    return { ...plain, invocation: { kind: NOP, ...at }, call }
  }
  const { own } = lane
  return {
    ...plain,
    invocation: { kind: OPEN, ...at, file: own.id },
    call: (bounds) => client.open(own.path, 'r+', 0o666, bounds),
    after: (value) => close(lane, 0, own.id, value as UringFile),
  }
}

/** Calls, gives up when it was drawn to, and writes down all that comes of it. */
async function giveUp(lane: Lane, target: Target, place: number, bounded: Bounded): Promise<void> {
  const { invocation, call, memory } = bounded
  const { history } = lane.session
  const [bounds, abort] = drawBounds(lane)
  const scribble = 1 + lane.random.below(255)
  // On a direct file nobody else may be at these blocks meanwhile.
  const stays = target.file === DIRECT_FILE || lane.random.chance(500)
  const form = invocation.form | (bounds.noWait ? FORM_NO_WAIT : 0)
  const operation = lane.invoked({ ...invocation, form })
  try {
    const calling = call(bounds)
    abort()
    const value = await calling
    tell(lane, bounded, target, operation, value)
    await bounded.after?.(value)
  } catch (error) {
    const { outcome } = error as { outcome?: Promise<OperationOutcome> }
    history.settled(operation, codeOf(error), 0)
    if (outcome === undefined) return
    memory?.fill(scribble)
    // A lease that was given back has a new owner as soon as the outcome is known.
    const kept = stays || memory !== null
    const known = outcome.then((told) => {
      // Nothing may have been copied into it since.
      const intact = memory === null || isFilled(memory, scribble)
      if (!intact) history.outcome(operation, STATES.finished, CODE_TRAMPLED, 0, null, 0, 0)
      else tellOutcome(lane, kept ? bounded : { ...bounded, read: null }, target, operation, told)
    })
    if (stays) await known
    else {
      // The lane goes on with other memory: leases are given back with operations in flight on them.
      for (const each of lane.places[place]!) each.renew()
      lane.later(known)
    }
  }
}

/** The bounds of a call, and what gives it up by its signal when it has been made. */
function drawBounds({ random }: Lane): readonly [CallOptions, () => void] {
  const drawn = random.below(100)
  if (drawn < 10) return [{ noWait: true }, () => {}]
  if (drawn < 20) return [{ timeout: random.below(4) }, () => {}]
  const controller = new AbortController()
  const { signal } = controller
  if (drawn < 25) {
    controller.abort()
    return [{ signal }, () => {}]
  }
  if (drawn < 40) return [{ signal }, () => controller.abort()]
  const turns = random.below(4)
  const abort = async (): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) await nextTurn()
    controller.abort()
  }
  return [{ signal }, abort]
}

function tell(lane: Lane, bounded: Bounded, target: Target, operation: number, value: unknown) {
  const { history } = lane.session
  const count = bounded.count(value)
  if (bounded.read === null) history.settled(operation, 0, count)
  else history.settledBlocks(operation, count, bounded.read(value), target.file, target.block)
}

function isFilled(memory: Uint8Array, byte: number): boolean {
  return Buffer.alloc(memory.length, byte).equals(memory)
}

function tellOutcome(
  lane: Lane,
  { read: readBack, count }: Bounded,
  { file, block }: Target,
  operation: number,
  outcome: OperationOutcome,
): void {
  const { history } = lane.session
  const state = STATES[outcome.state]
  const tell = (code: number, bytes: number, memory: Memory | null): void =>
    history.outcome(operation, state, code, bytes, memory, file, block)
  if (outcome.state === 'not-started') tell(0, 0, null)
  else if (outcome.state === 'cancelled') tell(0, outcome.bytes, null)
  else if (outcome.error !== undefined) tell(codeOf(outcome.error), 0, null)
  else tell(0, count(outcome.result), readBack === null ? null : readBack(outcome.result))
}
