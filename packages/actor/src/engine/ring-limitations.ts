import { FIRST_SEGMENT_BYTES } from '@uring-actor/client/protocol'
import type { NativeBinding } from '@uring-actor/native'
import type { Limitation } from './engine.ts'
import { OPTIONAL_OPCODES, type OpenedRing } from './open-ring.ts'

/** What the ring's own memory takes of RLIMIT_MEMLOCK, at most, in bytes. */
const RING_BYTES = 4 * 1024 * 1024

interface Wanted {
  readonly queueDepth: number
  readonly maxClients: number
  readonly arenaBytes: number
  readonly maxFiles: number
}

/** True when every arena can be pinned whatever the clients do, so only fixed buffers are needed. */
export function mayPinAll(
  binding: NativeBinding,
  wanted: Pick<Wanted, 'maxClients' | 'arenaBytes'>,
): boolean {
  if (binding.hasIpcLock()) return true
  return binding.memlockLimit() >= wanted.maxClients * wanted.arenaBytes + RING_BYTES
}

/** What a ring that runs has to do without, beside what was asked for. */
export function limitationsOf(
  binding: NativeBinding,
  wanted: Wanted,
  opened: OpenedRing,
  engine: { readonly capacity: number; readonly restricted: boolean },
): Limitation[] {
  const found: Limitation[] = []
  const lock = `RLIMIT_MEMLOCK (${binding.memlockLimit()} bytes)`
  if (engine.capacity < wanted.queueDepth) {
    const text = `${lock} or memory allowed only ${engine.capacity} operations in flight`
    found.push({ text, warn: true })
  }
  if (!binding.hasIpcLock() && binding.memlockLimit() < FIRST_SEGMENT_BYTES) {
    const text = `${lock} is too low to register any memory of clients: raise it with ulimit -l`
    found.push({ text, warn: true })
  } else if (!engine.restricted) {
    const text = `${lock} is too low to register all memory of all clients`
    found.push({ text, warn: false })
  }
  for (const [name, opcode] of Object.entries(OPTIONAL_OPCODES)) {
    if (opened.opcodes.has(opcode)) continue
    found.push({ text: `the kernel has no IORING_OP_${name}`, warn: false })
  }
  return found
}
