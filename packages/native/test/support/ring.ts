// A ring with just enough around it to post a request and see its completion.
import { loadBinding, type NativeRing } from '#dist/index.js'

export const binding = loadBinding()

/** A size, an offset or a constant of the kernel, by its name. */
export function kernel(name: string): number {
  const value = binding.layout[name]
  if (value === undefined) throw new Error(`layout has no ${name}`)
  return value
}

/** What the actor uses where the kernel has it. */
export const MODERN: number =
  kernel('IORING_SETUP_SINGLE_ISSUER') |
  kernel('IORING_SETUP_DEFER_TASKRUN') |
  kernel('IORING_SETUP_SUBMIT_ALL')

/** Why there is no ring here, or false: for the `skip` of a test. */
export function whyNoRing(flags: number = MODERN): string | false {
  const params = new Uint32Array(30)
  params[2] = flags
  const ring = binding.openRing(1, params)
  if (typeof ring === 'number') return `io_uring_setup returned ${ring}`
  ring.close(0)
  return false
}

/** Page-aligned shared memory that cannot move. */
export function arena(bytes: number): Uint8Array<SharedArrayBuffer> {
  const buffer = new SharedArrayBuffer(bytes, { maxByteLength: bytes })
  return new Uint8Array(buffer, 0, bytes)
}

export interface Request {
  opcode: number
  flags?: number
  fd?: number
  offset?: number
  address?: number
  length?: number
  bufferIndex?: number
  userData?: number
}

export interface Completion {
  userData: number
  result: number
}

export class TestRing {
  readonly native: NativeRing
  readonly words: Uint32Array
  readonly #completions: DataView
  readonly #requests: DataView
  readonly #params: Uint32Array

  constructor(flags: number = MODERN, entries = 64) {
    this.#params = new Uint32Array(30)
    this.#params[2] = flags
    const native = binding.openRing(entries, this.#params)
    if (typeof native === 'number') throw new Error(`io_uring_setup returned ${native}`)
    this.native = native
    const bytes = Math.max(
      this.param('sq_off.array') + this.param('sq_entries') * 4,
      this.param('cq_off.cqes') + this.param('cq_entries') * kernel('io_uring_cqe'),
    )
    const ring = this.#map('IORING_OFF_SQ_RING', Math.ceil(bytes / 4) * 4)
    this.words = new Uint32Array(ring)
    this.#completions = new DataView(ring)
    this.#requests = new DataView(
      this.#map('IORING_OFF_SQES', this.param('sq_entries') * kernel('io_uring_sqe')),
    )
    for (let slot = 0; slot < this.param('sq_entries'); slot++) {
      this.words[this.param('sq_off.array') / 4 + slot] = slot
    }
  }

  #map(area: string, bytes: number): ArrayBuffer {
    const buffer = this.native.map(kernel(area), bytes)
    if (typeof buffer === 'number') throw new Error(`map of ${area} returned ${buffer}`)
    return buffer
  }

  param(field: string): number {
    return this.#params[kernel(`io_uring_params.${field}`) / 4]!
  }

  post(request: Request): void {
    const tail = this.words[this.param('sq_off.tail') / 4]!
    const at = (tail & (this.param('sq_entries') - 1)) * kernel('io_uring_sqe')
    const sqe = this.#requests
    for (let byte = 0; byte < kernel('io_uring_sqe'); byte += 8) sqe.setBigUint64(at + byte, 0n)
    sqe.setUint8(at + kernel('io_uring_sqe.opcode'), request.opcode)
    sqe.setUint8(at + kernel('io_uring_sqe.flags'), request.flags ?? 0)
    sqe.setInt32(at + kernel('io_uring_sqe.fd'), request.fd ?? -1, true)
    sqe.setBigUint64(at + kernel('io_uring_sqe.off'), BigInt(request.offset ?? 0), true)
    sqe.setBigUint64(at + kernel('io_uring_sqe.addr'), BigInt(request.address ?? 0), true)
    sqe.setUint32(at + kernel('io_uring_sqe.len'), request.length ?? 0, true)
    sqe.setUint16(at + kernel('io_uring_sqe.buf_index'), request.bufferIndex ?? 0, true)
    sqe.setUint32(at + kernel('io_uring_sqe.user_data'), request.userData ?? 0, true)
    Atomics.store(this.words, this.param('sq_off.tail') / 4, tail + 1)
  }

  /** Submits all that was posted and takes what has completed after at most a second. */
  submit(count: number, minComplete: number = count): Completion[] {
    const flags = minComplete === 0 ? 0 : kernel('IORING_ENTER_GETEVENTS')
    const result = this.native.enter(count, minComplete, flags, minComplete === 0 ? -1 : 1_000_000)
    if (result !== count) throw new Error(`io_uring_enter returned ${result}, not ${count}`)
    return this.take()
  }

  take(): Completion[] {
    const taken: Completion[] = []
    let head = this.words[this.param('cq_off.head') / 4]!
    const tail = Atomics.load(this.words, this.param('cq_off.tail') / 4)
    for (; head !== tail; head = (head + 1) >>> 0) {
      const at =
        this.param('cq_off.cqes') + (head & (this.param('cq_entries') - 1)) * kernel('io_uring_cqe')
      taken.push({
        userData: this.#completions.getUint32(at + kernel('io_uring_cqe.user_data'), true),
        result: this.#completions.getInt32(at + kernel('io_uring_cqe.res'), true),
      })
    }
    Atomics.store(this.words, this.param('cq_off.head') / 4, tail)
    return taken
  }

  /** One request that ends only when it is cancelled: nobody writes to the doorbell. */
  postEndless(memory: Uint8Array, fd: number = binding.doorbell(), flags = 0): void {
    const address = binding.addressOf(memory)
    this.post({
      opcode: kernel('IORING_OP_READ'),
      flags,
      fd,
      address,
      length: 8,
    })
  }
}
