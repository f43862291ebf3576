// What mixed work needs: a file for each client, and an empty pipe for all of them.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { SlowPipe } from '../support/pipe.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { KINDS, type WorkOrders } from './mixed-work.ts'

/** Files for the work of several clients. */
export class WorkScene {
  readonly #folder = temporaryDirectory()
  readonly #pipe = new SlowPipe()
  readonly #seed: number
  #clients = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** The work of one client more, on a file of its own. */
  orders(operations: number): WorkOrders {
    const client = this.#clients++
    const file = path.join(this.#folder, `file-${client}`)
    writeFileSync(file, Buffer.alloc(1 << 16))
    const words = (): Int32Array => new Int32Array(new SharedArrayBuffer(KINDS.length * 4))
    const progress = { begun: words(), settled: words() }
    return { seed: this.#seed + client, operations, path: file, pipe: this.#pipe.path, progress }
  }

  close(): void {
    this.#pipe.close()
  }
}
