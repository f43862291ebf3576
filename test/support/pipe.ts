// A read that stays in flight for as long as a test wants it to: of a named pipe that is empty.
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import { temporaryDirectory } from './temporary.ts'

export class SlowPipe {
  readonly path: string = path.join(temporaryDirectory(), 'pipe')
  #fd: number

  constructor() {
    execFileSync('mkfifo', [this.path])
    // Both ends are open here, so nobody who opens it waits for the other end.
    this.#fd = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK)
  }

  /** Lets reads of so many bytes, in all, complete. */
  feed(bytes: number): void {
    writeSync(this.#fd, Buffer.alloc(bytes, 0x70))
  }

  close(): void {
    closeSync(this.#fd)
  }
}
