/** So few writes a worker has soon done: a thread that sleeps for them is woken for each. */
const FEW = 4

/**
 * The buffered writes in flight in the ring (cached-writes.ts has those that are not). On ext4, which cannot write to the page cache without waiting, the
 * kernel's workers do them, one of them for all of a file; on xfs and btrfs most are done as they are
 * submitted. So what is in flight after a submission is a worker's.
 *
 *   invariant:   total == sum of #ofFile,   files == number of #ofFile that are > 0
 */
export class BufferedWrites {
  /** In flight, of all files. */
  total = 0
  /** In flight by slot of the file; -1 where nothing is counted, as for direct I/O. */
  readonly #ofFile: Int32Array
  #files = 0
  #mostFiles = 0

  constructor(fileSlots: number) {
    this.#ofFile = new Int32Array(fileSlots).fill(-1)
  }

  /** Another file has the slot, whose writes are counted, or are not. */
  fileOpened(slot: number, counted: boolean): void {
    this.#ofFile[slot] = counted ? 0 : -1
  }

  begun(slot: number): void {
    if (this.#ofFile[slot]! < 0) return
    this.total++
    if (this.#ofFile[slot]!++ === 0) this.#files++
  }

  ended(slot: number): void {
    if (this.#ofFile[slot]! < 0) return
    this.total--
    if (--this.#ofFile[slot]! === 0) this.#files--
  }

  /** What the kernel has done at once is done by now. */
  submitted(): void {
    if (this.total > FEW && this.#files > this.#mostFiles) this.#mostFiles = this.#files
  }

  /** How many workers were busy at the same time, at most, since this was asked last. */
  takeWorkers(): number {
    const workers = this.#mostFiles
    this.#mostFiles = 0
    return workers
  }
}
