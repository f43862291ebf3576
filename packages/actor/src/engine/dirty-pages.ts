import { PAGE_BYTES } from '@uring-actor/client/protocol'
import { ProcFile } from '../files/proc-file.ts'

/** Some 160 lines of 25 characters, on all kernels. */
const MOST_CHARACTERS = 16_384

/**
 * How much may still be written to the page cache before the kernel makes writers wait: it begins to when
 * what is dirty, or on its way to a disk, reaches the middle of its two thresholds (balance_dirty_pages in
 * mm/page-writeback.c). A control group may have less; how long its writes take tells.
 */
export class DirtyPages {
  readonly #file: ProcFile

  constructor(file: ProcFile = new ProcFile('/proc/vmstat', MOST_CHARACTERS)) {
    this.#file = file
  }

  /** In bytes; Infinity where the kernel does not tell. */
  room(): number {
    const text = this.#file.read()
    const dirty = numberOf(text, 'nr_dirty') + numberOf(text, 'nr_writeback')
    const most =
      numberOf(text, 'nr_dirty_threshold') + numberOf(text, 'nr_dirty_background_threshold')
    const pages = most / 2 - dirty
    return Number.isNaN(pages) ? Number.POSITIVE_INFINITY : pages * PAGE_BYTES
  }

  close(): void {
    this.#file.close()
  }
}

/** NaN when the text does not say. */
function numberOf(text: string, name: string): number {
  const at = text.indexOf(`\n${name} `)
  return at < 0 ? Number.NaN : Number.parseInt(text.slice(at + name.length + 2), 10)
}
