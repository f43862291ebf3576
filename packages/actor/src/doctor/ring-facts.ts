import { FIRST_SEGMENT_BYTES, sharedPages } from '@uring-actor/client/protocol'
import type { NativeBinding } from '@uring-actor/native'
import {
  BLOCK_URING_CMD_DISCARD,
  IORING_FEAT_MIN_TIMEOUT,
  IORING_FEAT_NO_IOWAIT,
  IORING_OP_FTRUNCATE,
  IORING_OP_URING_CMD,
  IORING_SETUP_DEFER_TASKRUN,
  IORING_SETUP_SINGLE_ISSUER,
  IORING_SETUP_SUBMIT_ALL,
  IOSQE_FIXED_FILE,
} from '../engine/kernel-abi.ts'
import { maskedOpcodes, OPCODES_IN_USE, type OpenedRing, openRing } from '../engine/open-ring.ts'
import { mayPinAll } from '../engine/ring-limitations.ts'
import type { ResolvedOptions } from '../spawn/options.ts'

/** What of a kernel's io_uring would be used. What is false is done another way, or costs more. */
export interface RingFeatures {
  /** IORING_SETUP_SINGLE_ISSUER (Linux 6.0): less locking in the kernel. */
  readonly singleIssuer: boolean
  /** IORING_SETUP_DEFER_TASKRUN (6.1): completions are made when the actor asks for them. */
  readonly deferTaskrun: boolean
  /** IORING_SETUP_SUBMIT_ALL (5.18): a bad request does not hold up those behind it. */
  readonly submitAll: boolean
  /** IORING_REGISTER_RING_FDS (5.18): the ring's descriptor is not looked up at each call. */
  readonly registeredDescriptor: boolean
  /** The kernel refuses other opcodes than those in use, and raw descriptors. */
  readonly restrictions: boolean
  /** Memory can be registered, as far as the limit of locked memory goes. */
  readonly registeredBuffers: boolean
  /** With default options all of it can be, so the kernel refuses any other address. */
  readonly onlyRegisteredMemory: boolean
  /** IORING_FEAT_MIN_TIMEOUT (6.12): one wake-up for several completions. */
  readonly minimumWait: boolean
  /** IORING_FEAT_NO_IOWAIT (6.15): waiting for work does not count as load. */
  readonly noIoWait: boolean
  /** IORING_OP_FTRUNCATE (6.9): truncating goes through the ring. */
  readonly truncate: boolean
  /** IORING_OP_URING_CMD: discarding may go through the ring (block devices, 6.12). */
  readonly deviceCommands: boolean
}

/** A small ring like the actor's, to ask the kernel with. Throws RingUnavailable. */
export function openSmallRing(binding: NativeBinding, options: ResolvedOptions): OpenedRing {
  return openRing(binding, {
    sqEntries: 8,
    cqEntries: 16,
    fileSlots: 8,
    bufferSlots: 8,
    fixedBuffersOnly: mayPinAll(binding, options),
    kernelWorkers: [1, 1],
    eventFd: -1,
    maskedOpcodes: maskedOpcodes(),
  })
}

export function ringFeatures(
  opened: OpenedRing,
  binding: NativeBinding,
  options: ResolvedOptions,
): RingFeatures {
  const { flags, features, opcodes } = opened
  return {
    singleIssuer: (flags & IORING_SETUP_SINGLE_ISSUER) !== 0,
    deferTaskrun: (flags & IORING_SETUP_DEFER_TASKRUN) !== 0,
    submitAll: (flags & IORING_SETUP_SUBMIT_ALL) !== 0,
    registeredDescriptor: opened.registeredDescriptor,
    restrictions: true,
    registeredBuffers: takesBuffer(opened),
    onlyRegisteredMemory: mayPinAll(binding, options),
    minimumWait: (features & IORING_FEAT_MIN_TIMEOUT) !== 0,
    noIoWait: (features & IORING_FEAT_NO_IOWAIT) !== 0,
    truncate: opcodes.has(IORING_OP_FTRUNCATE),
    deviceCommands: opcodes.has(IORING_OP_URING_CMD),
  }
}

/** By name, whether the kernel has each opcode that the actor may use. */
export function opcodesInUse(opened: OpenedRing): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(OPCODES_IN_USE).map(([name, opcode]) => [name, opened.opcodes.has(opcode)]),
  )
}

/** Tries with as much of an arena as is registered at once, at least. */
function takesBuffer({ native }: OpenedRing): boolean {
  const bytes = FIRST_SEGMENT_BYTES
  const memory = sharedPages(bytes)
  const taken = native.registerBuffer(0, new Uint8Array(memory, 0, bytes)) >= 0
  if (taken) native.registerBuffer(0, null)
  return taken
}

/**
 * What the ring's discard answers for a device: `-errno`. Nothing can be discarded by it: the
 * descriptor must be open for reading only, and the range is empty. A device that takes the command
 * says EBADF, for the right to write is looked for first; one that does not, EOPNOTSUPP.
 */
export function askForDiscard(opened: OpenedRing, fd: number): number {
  const { ring, native } = opened
  const registered = native.registerFile(0, fd)
  if (registered < 0) return registered
  const opcode = IORING_OP_URING_CMD
  const command = BLOCK_URING_CMD_DISCARD
  // biome-ignore format: one request, one line of its fields
  ring.push(opcode, IOSQE_FIXED_FILE, 0, command, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  ring.enter(1, ANSWER_MICROS, 0)
  let answer = ETIME
  ring.reap({
    completed: (_tag, res) => {
      answer = res
    },
  })
  native.registerFile(0, -1)
  return answer
}

const ANSWER_MICROS = 100_000
const ETIME = -62
