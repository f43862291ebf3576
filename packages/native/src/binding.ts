/**
 * What the addon offers to the actor, and to nobody else. Every call is one system call or a
 * handful of them; there are no defaults and no policy here. Results are the kernel's:
 * `>= 0`, or `-errno`. Wrong argument types are a bug of the caller and throw a TypeError.
 *
 * All views must be over memory that cannot move or shrink: a SharedArrayBuffer. Raw
 * SharedArrayBuffers are never passed (Node-API on Node 20 refuses them), views are.
 */

/** One io_uring. Every method must be called from the thread that opened it. */
export interface NativeRing {
  /** The ring's file descriptor. Owned by the ring; closed by `close()` or at thread exit. */
  readonly fd: number
  /**
   * mmap(2) of `length` bytes of the ring's memory at `offset` (IORING_OFF_SQ_RING or
   * IORING_OFF_SQES). The kernel alone picks the address: since 6.4 it refuses MAP_FIXED, so the
   * memory cannot be laid over a SharedArrayBuffer of ours. `close()` detaches the buffer before it
   * unmaps: views on it then have length 0, and no pointer can dangle. Returns -errno, -EOPNOTSUPP
   * where Node-API may not make buffers of foreign memory (Electron, pointer compression).
   */
  map(offset: number, length: number): ArrayBuffer | number
  /**
   * io_uring_register(2) for every opcode whose argument holds no pointer: EVENTFD, PROBE,
   * RESTRICTIONS, ENABLE_RINGS, sparse FILES2 and BUFFERS2, IOWQ_MAX_WORKERS, SYNC_CANCEL, and the
   * UNREGISTER of those. -EINVAL for others, or when `argument` is shorter than `count` says.
   */
  register(opcode: number, argument: ArrayBufferView | null, count: number): number
  /** IORING_REGISTER_BUFFERS_UPDATE of one slot; null empties the slot. Returns 0 or -errno. */
  registerBuffer(slot: number, view: Uint8Array | null): number
  /** IORING_REGISTER_FILES_UPDATE2 of one slot; fd -1 empties the slot. Returns 0 or -errno. */
  registerFile(slot: number, fd: number): number
  /**
   * IORING_REGISTER_RING_FDS: later `enter` calls skip the fd lookup. Returns 0 or -errno. A thread
   * has 16 slots for such rings; `close()` gives the slot, and with it the ring's memory, back only
   * if the ring's restrictions allow IORING_UNREGISTER_RING_FDS.
   */
  registerRingFd(): number
  /**
   * io_uring_enter(2). `timeoutMicros >= 0` adds IORING_ENTER_EXT_ARG with that timeout in
   * microseconds; -1 gives none (then `minComplete` must be 0, so that no call can block for ever).
   * `minWaitMicros` (IORING_FEAT_MIN_TIMEOUT, Linux 6.12; 0 or absent: none): after so many
   * microseconds one completion is enough. Returns the number of SQEs the kernel consumed, or
   * -errno (-ETIME when the time ran out).
   */
  enter(
    toSubmit: number,
    minComplete: number,
    flags: number,
    timeoutMicros: number,
    minWaitMicros?: number,
  ): number
  /**
   * Cancels what is in flight (IORING_REGISTER_SYNC_CANCEL, any; a restricted ring must allow that
   * opcode, or what never ends by itself is waited for in vain), reaps until nothing is in flight
   * or `drainMillis` have passed, detaches and unmaps the ring's memory, closes the ring.
   * Returns how many operations were still in flight (0: the kernel touches no memory any more).
   * If one of them is then in the hands of a kernel worker, which no cancellation reaches, the ring
   * stays open and the end of the thread waits for it, however long: the worker writes to memory
   * that nothing else keeps. What a device is to finish keeps its own pages. The two are told apart
   * by user_data, which has to be less than the number of CQ entries.
   */
  close(drainMillis: number): number
}

/** An eventfd watched by the calling thread's event loop. */
export interface NativeWaker {
  /** The eventfd: non-blocking, close-on-exec. */
  readonly fd: number
  /** Lets the watcher keep the event loop alive. A new waker does not. */
  ref(): void
  unref(): void
  /** Stops watching and closes the eventfd. */
  close(): void
}

export interface NativeBinding {
  /**
   * io_uring_setup(2). `params` is struct io_uring_params as 30 uint32 words; the kernel fills it in.
   * Returns the ring, or -errno.
   */
  openRing(entries: number, params: Uint32Array): NativeRing | number
  /** The address of the first byte of a view, as a number (user addresses have 47 bits, or 56). */
  addressOf(view: Uint8Array): number
  /**
   * The process's doorbell: one blocking eventfd, made at the first call, shared by all threads and
   * by all copies of the addon's environments, and never closed: a thread that is about to ring
   * it can then never write into a file that has taken over its number. Returns the fd or -errno.
   */
  doorbell(): number
  /** Calls `callback` from the event loop whenever the eventfd was written. */
  createWaker(callback: () => void): NativeWaker | number
  /**
   * Claims the one actor of this process for the calling thread. False when another thread holds
   * the claim. Released by `releaseClaim()` or when the claiming thread's environment ends.
   */
  claim(): boolean
  releaseClaim(): void
  /**
   * Arranges that `words[index] = value` is stored (sequentially consistent) when the calling
   * thread's environment ends, however it ends: return, process.exit(), terminate(), a throw.
   * The view is kept alive until then. Rings of this thread are drained and closed before, but for
   * those that hang in the kernel: the word says so after half a second, and the thread goes on
   * waiting.
   */
  storeOnExit(words: Int32Array, index: number, value: number): void
  /** madvise(MADV_DONTFORK) over whole pages of a view. Returns 0 or -errno. */
  dontFork(view: Uint8Array): number
  /**
   * madvise(MADV_DONTNEED) over whole pages of a view: the memory goes back to the system at once,
   * and reads as zeros from then on. Returns 0 or -errno.
   */
  dropPages(view: Uint8Array): number
  /**
   * statx(2) STATX_DIOALIGN of an open file: `out[0]` memory alignment, `out[1]` offset and length
   * alignment, both in bytes, 0 when the file does not support direct I/O. Returns 0, -errno, or
   * -EOPNOTSUPP when the kernel does not tell (before 6.1, or this filesystem).
   */
  directAlignment(fd: number, out: Uint32Array): number
  /**
   * statx(2) STATX_MNT_ID_UNIQUE of an open file: the number of its mount, which no other mount gets
   * while the system runs; or 0 when the kernel does not tell (before 6.8), or -errno.
   */
  mountId(fd: number): number
  /** BLKSSZGET and BLKGETSIZE64: `out[0]` logical block size, `out[1]` size, both in bytes. */
  blockDevice(fd: number, out: Float64Array): number
  /**
   * Calls that node:fs does not have, made on libuv's thread pool; `callback(res)` gets 0 or -errno.
   * `call` is one of CALL_*: fallocate(2) with `mode`, sync_file_range(2) with `mode` as flags, the
   * ioctls BLKDISCARD and BLKZEROOUT (mode ignored), `offset` and `length` in bytes; and fstatfs(2)
   * (of the arguments only `fd`), whose result is the low 31 bits of f_type.
   */
  fileCall(
    call: number,
    fd: number,
    mode: number,
    offset: bigint,
    length: bigint,
    callback: (result: number) => void,
  ): void
  /** getrlimit(2) soft limits, Infinity for RLIM_INFINITY: bytes, and descriptors. */
  memlockLimit(): number
  fileLimit(): number
  /** True when CAP_IPC_LOCK is effective: RLIMIT_MEMLOCK then does not apply to io_uring. */
  hasIpcLock(): boolean
  /**
   * Offers an open file to all threads of the process for `readCached`, under its slot and generation.
   * Only the thread that holds the claim can; false where it does not, or the slot is still in use.
   * `withdrawFile` must have said true before the descriptor is closed.
   */
  offerFile(slot: number, generation: number, owner: number, fd: number): boolean
  /** Nobody begins a read of it any more. False while somebody is in the middle of one: ask again. */
  withdrawFile(slot: number): boolean
  /**
   * preadv2(2) with RWF_NOWAIT (Linux 4.14) of an offered file, from any thread: fills `memory` with
   * what the page cache has, without waiting for anything. `ask` is slot, generation, owner, the
   * position in bytes, and whether it is to be timed (not 0): then when it began and when it ended
   * are stored behind that, in microseconds of CLOCK_MONOTONIC. Returns the number of bytes, fewer
   * than asked for only at the end of the file; -EAGAIN when a part of it is not cached; -EBADF when
   * no such file is offered to this owner; -EOPNOTSUPP when its filesystem cannot tell.
   */
  readCached(ask: Float64Array, memory: Uint8Array): number
  /**
   * sizeof_* and offsetof_* of every kernel struct that TypeScript code writes or reads, and the
   * kernel constants it uses, as compiled; a test holds them against our own.
   */
  readonly layout: Readonly<Record<string, number>>
}

export const CALL_FALLOCATE = 0
export const CALL_SYNC_FILE_RANGE = 1
export const CALL_DISCARD = 2
export const CALL_ZEROOUT = 3
export const CALL_FILESYSTEM = 4
