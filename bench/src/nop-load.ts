import type { Client } from '@uring-actor/client'
import { BLOCK_BYTES, drive, type Load } from './meter.ts'

export const NOP_DEPTH = 512
/** No-ops have no file; a meter wants to draw positions from something. */
export const NO_SIZE: number = 2 * BLOCK_BYTES

export interface NopWorkerData {
  readonly seconds: number
  /** One word: 0 until the measurement begins. */
  readonly go: SharedArrayBuffer
}

/** Keeps the no-ops of one client in flight until the meter ends. */
export function nopLoad(client: Client): Load {
  return (meter) =>
    drive(NOP_DEPTH, async () => {
      while (meter.next()) await client.nop()
    })
}
