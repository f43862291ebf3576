import { ADDON_MISSING, type NativeBinding, type NativeRing } from '@uring-actor/native'
import type { EngineObstacle } from './choice.ts'
import {
  IO_URING_OP_SUPPORTED,
  IORING_FEAT_EXT_ARG,
  IORING_FEAT_NODROP,
  IORING_FEAT_SINGLE_MMAP,
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_FALLOCATE,
  IORING_OP_FSYNC,
  IORING_OP_FTRUNCATE,
  IORING_OP_NOP,
  IORING_OP_READ,
  IORING_OP_READ_FIXED,
  IORING_OP_SYNC_FILE_RANGE,
  IORING_OP_URING_CMD,
  IORING_OP_WRITE,
  IORING_OP_WRITE_FIXED,
  IORING_REGISTER_BUFFERS_UPDATE,
  IORING_REGISTER_BUFFERS2,
  IORING_REGISTER_ENABLE_RINGS,
  IORING_REGISTER_EVENTFD,
  IORING_REGISTER_FILES_UPDATE2,
  IORING_REGISTER_FILES2,
  IORING_REGISTER_IOWQ_MAX_WORKERS,
  IORING_REGISTER_PROBE,
  IORING_REGISTER_RESTRICTIONS,
  IORING_REGISTER_SYNC_CANCEL,
  IORING_RESTRICTION_REGISTER_OP,
  IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
  IORING_RESTRICTION_SQE_FLAGS_REQUIRED,
  IORING_RESTRICTION_SQE_OP,
  IORING_RSRC_REGISTER_SPARSE,
  IORING_SETUP_COOP_TASKRUN,
  IORING_SETUP_CQSIZE,
  IORING_SETUP_DEFER_TASKRUN,
  IORING_SETUP_R_DISABLED,
  IORING_SETUP_SINGLE_ISSUER,
  IORING_SETUP_SUBMIT_ALL,
  IORING_SETUP_TASKRUN_FLAG,
  IORING_UNREGISTER_RING_FDS,
  IOSQE_ASYNC,
  IOSQE_FIXED_FILE,
  IOSQE_IO_LINK,
  PARAMS_CQ_ENTRIES,
  PARAMS_FEATURES,
  PARAMS_FLAGS,
  PARAMS_WORDS,
} from './kernel-abi.ts'
import { Ring } from './ring.ts'
import { RingUnavailable } from './ring-unavailable.ts'

export interface RingOptions {
  /** Least number of CQ entries: operations in flight, and our own. */
  readonly cqEntries: number
  readonly sqEntries: number
  readonly fileSlots: number
  readonly bufferSlots: number
  /** Only registered buffers: the ring refuses any memory that is none. */
  readonly fixedBuffersOnly: boolean
  /** Kernel worker threads for bounded (files) and unbounded (pipes, sockets) work. */
  readonly kernelWorkers: readonly [number, number]
  /** eventfd that completions signal while the actor is parked. */
  readonly eventFd: number
  /** Opcodes to treat as if the kernel had none: for tests of what an older one would do. */
  readonly maskedOpcodes: readonly number[]
}

export interface OpenedRing {
  readonly ring: Ring
  readonly native: NativeRing
  readonly opcodes: ReadonlySet<number>
  readonly fileSlots: number
  /** IORING_SETUP_* that it was set up with, and IORING_FEAT_* of the kernel. */
  readonly flags: number
  readonly features: number
  /** True when `enter` passes a registered descriptor. */
  readonly registeredDescriptor: boolean
}

/** Opcodes that every ring of ours needs; the kernels that have the rest of it have them all. */
const NEEDED_OPCODES: Readonly<Record<string, number>> = {
  NOP: IORING_OP_NOP,
  FSYNC: IORING_OP_FSYNC,
  READ_FIXED: IORING_OP_READ_FIXED,
  WRITE_FIXED: IORING_OP_WRITE_FIXED,
  SYNC_FILE_RANGE: IORING_OP_SYNC_FILE_RANGE,
  ASYNC_CANCEL: IORING_OP_ASYNC_CANCEL,
  FALLOCATE: IORING_OP_FALLOCATE,
  READ: IORING_OP_READ,
  WRITE: IORING_OP_WRITE,
}
/** Without these there is another way: truncating by node:fs, discarding by an ioctl. */
export const OPTIONAL_OPCODES: Readonly<Record<string, number>> = {
  FTRUNCATE: IORING_OP_FTRUNCATE,
  URING_CMD: IORING_OP_URING_CMD,
}
/** All that a ring of ours may be asked to do, by the kernel's names without IORING_OP_. */
export const OPCODES_IN_USE: Readonly<Record<string, number>> = {
  ...NEEDED_OPCODES,
  ...OPTIONAL_OPCODES,
}

/** From the best to the plainest; a kernel that does not know a flag answers EINVAL. */
const SETUP_FLAGS: readonly number[] = [
  IORING_SETUP_SINGLE_ISSUER |
    IORING_SETUP_DEFER_TASKRUN |
    IORING_SETUP_TASKRUN_FLAG |
    IORING_SETUP_SUBMIT_ALL,
  IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
  IORING_SETUP_SUBMIT_ALL,
  0,
]

const ENOMEM = -12
const EINVAL = -22
const EMFILE = -24
const EOPNOTSUPP = -95
/** Ring memory of rings that were closed comes back some milliseconds later. */
const ENOMEM_RETRY_MILLISECONDS = 100

/** What an error says about io_uring; null when it is about something else. */
export function obstacleOf(error: unknown): EngineObstacle | null {
  if (error instanceof RingUnavailable) {
    return { kind: 'call', call: error.call, errno: error.errno }
  }
  const { code = '', message } = error as NodeJS.ErrnoException
  const ofAddon = code === ADDON_MISSING || code === 'ERR_DLOPEN_DISABLED'
  return ofAddon ? { kind: 'addon', code, message } : null
}

/**
 * Sets a ring up as the design says: disabled, its tables, eventfd and restrictions registered, then
 * enabled. Throws RingUnavailable where the kernel does not let us.
 */
export function openRing(binding: NativeBinding, options: RingOptions): OpenedRing {
  const params = new Uint32Array(PARAMS_WORDS)
  const native = setUp(binding, options, params)
  try {
    const features = params[PARAMS_FEATURES]
    const needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG
    if ((features & needed) !== needed) {
      throw new RingUnavailable('asking for the features needed', EINVAL)
    }
    const ring = new Ring(native, params)
    const opcodes = probe(native)
    for (const opcode of options.maskedOpcodes) opcodes.delete(opcode)
    for (const [name, opcode] of Object.entries(NEEDED_OPCODES)) {
      if (!opcodes.has(opcode)) throw new RingUnavailable(`finding IORING_OP_${name}`, EOPNOTSUPP)
    }
    const fileSlots = registerTables(native, options)
    if (options.eventFd >= 0) {
      check(
        native.register(IORING_REGISTER_EVENTFD, Int32Array.of(options.eventFd), 1),
        'registering the eventfd',
      )
    }
    // Both are improvements only: older kernels go on without.
    native.register(IORING_REGISTER_IOWQ_MAX_WORKERS, Uint32Array.from(options.kernelWorkers), 2)
    const registeredDescriptor = native.registerRingFd() >= 0
    restrict(native, options.fixedBuffersOnly, opcodes)
    check(native.register(IORING_REGISTER_ENABLE_RINGS, null, 0), 'enabling the ring')
    const flags = params[PARAMS_FLAGS]
    return { ring, native, opcodes, fileSlots, flags, features, registeredDescriptor }
  } catch (error) {
    native.close(0)
    throw error
  }
}

/** A list of opcodes in URING_ACTOR_MASK_OPCODES is treated as missing, as on an older kernel. */
export function maskedOpcodes(): number[] {
  const list = process.env.URING_ACTOR_MASK_OPCODES ?? ''
  return list
    .split(',')
    .filter((entry) => entry !== '')
    .map(Number)
}

function setUp(binding: NativeBinding, options: RingOptions, params: Uint32Array): NativeRing {
  let { sqEntries, cqEntries } = options
  const deadline = Date.now() + ENOMEM_RETRY_MILLISECONDS
  for (let choice = 0; ; ) {
    params.fill(0)
    params[PARAMS_FLAGS] = SETUP_FLAGS[choice] | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED
    params[PARAMS_CQ_ENTRIES] = cqEntries
    const opened = binding.openRing(sqEntries, params)
    if (typeof opened !== 'number') return opened
    if (opened === EINVAL && choice + 1 < SETUP_FLAGS.length) choice++
    else if (opened === ENOMEM && Date.now() < deadline) sleep(5)
    else if (opened === ENOMEM && sqEntries > 8) {
      sqEntries >>= 1
      cqEntries >>= 1
    } else throw new RingUnavailable('io_uring_setup', opened)
  }
}

/** Which opcodes the running kernel has: asked, never concluded from its version. */
function probe(native: NativeRing): Set<number> {
  const operations = 256
  const bytes = new Uint8Array(new SharedArrayBuffer(16 + operations * 8))
  check(native.register(IORING_REGISTER_PROBE, bytes, operations), 'probing the opcodes')
  const supported = new Set<number>()
  const view = new DataView(bytes.buffer)
  for (let index = 0; index <= bytes[0]; index++) {
    const at = 16 + index * 8
    if (view.getUint16(at + 2, true) & IO_URING_OP_SUPPORTED) supported.add(bytes[at])
  }
  return supported
}

/** Empty tables; slots are filled while the ring runs. Returns the size of the file table. */
function registerTables(native: NativeRing, options: RingOptions): number {
  // Empty tables are of Linux 5.19: an older kernel answers EINVAL here.
  check(
    native.register(IORING_REGISTER_BUFFERS2, sparse(options.bufferSlots), 32),
    'making a buffer table',
  )
  for (let slots = options.fileSlots; ; slots >>= 1) {
    const result = native.register(IORING_REGISTER_FILES2, sparse(slots), 32)
    if (result >= 0) return slots
    // The table may not be larger than RLIMIT_NOFILE.
    if (result !== EMFILE || slots <= 8) throw new RingUnavailable('making a file table', result)
  }
}

/** struct io_uring_rsrc_register. */
function sparse(slots: number): Uint32Array {
  return Uint32Array.of(slots, IORING_RSRC_REGISTER_SPARSE, 0, 0, 0, 0, 0, 0)
}

/**
 * From here on the kernel itself refuses every other opcode, raw descriptors, and (with fixed
 * buffers only) any address outside the registered arenas.
 */
function restrict(native: NativeRing, fixedBuffersOnly: boolean, opcodes: Set<number>): void {
  // A kernel refuses rules about calls that it does not have: the last is of 6.0, the other of 5.18.
  const newer = [IORING_UNREGISTER_RING_FDS, IORING_REGISTER_SYNC_CANCEL]
  for (;;) {
    const result = tryRestrict(native, fixedBuffersOnly, opcodes, newer)
    if (result >= 0) return
    if (result !== EINVAL || newer.length === 0)
      throw new RingUnavailable('restricting the ring', result)
    newer.pop()
  }
}

function tryRestrict(
  native: NativeRing,
  fixedBuffersOnly: boolean,
  opcodes: Set<number>,
  newerCalls: readonly number[],
): number {
  const unfixed = [IORING_OP_READ, IORING_OP_WRITE]
  const wanted = Object.values(OPCODES_IN_USE).filter(
    (opcode) => opcodes.has(opcode) && !(fixedBuffersOnly && unfixed.includes(opcode)),
  )
  const rules: Array<[number, number]> = [
    [IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_FIXED_FILE | IOSQE_IO_LINK | IOSQE_ASYNC],
    [IORING_RESTRICTION_SQE_FLAGS_REQUIRED, IOSQE_FIXED_FILE],
    [IORING_RESTRICTION_REGISTER_OP, IORING_REGISTER_ENABLE_RINGS],
    [IORING_RESTRICTION_REGISTER_OP, IORING_REGISTER_FILES_UPDATE2],
    [IORING_RESTRICTION_REGISTER_OP, IORING_REGISTER_BUFFERS_UPDATE],
    ...newerCalls.map((call): [number, number] => [IORING_RESTRICTION_REGISTER_OP, call]),
    ...wanted.map((opcode): [number, number] => [IORING_RESTRICTION_SQE_OP, opcode]),
  ]
  // struct io_uring_restriction: uint16 opcode, uint8 value, 13 bytes reserved.
  const bytes = new Uint8Array(rules.length * 16)
  rules.forEach(([opcode, value], index) => {
    bytes[index * 16] = opcode
    bytes[index * 16 + 2] = value
  })
  return native.register(IORING_REGISTER_RESTRICTIONS, bytes, rules.length)
}

function check(result: number, what: string): void {
  if (result < 0) throw new RingUnavailable(what, result)
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
