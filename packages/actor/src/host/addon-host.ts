import {
  FILE_KIND_BLOCK_DEVICE,
  TRIM_DISCARD_IOCTL,
  TRIM_HOLE,
  TRIM_ZEROES,
} from '@uring-actor/client/protocol'
import {
  CALL_DISCARD,
  CALL_FALLOCATE,
  CALL_SYNC_FILE_RANGE,
  CALL_ZEROOUT,
  type NativeBinding,
} from '@uring-actor/native'
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../engine/kernel-abi.ts'
import type { OpenFile } from '../files/file-table.ts'
import type { Done, Host } from './host.ts'

const EOPNOTSUPP = -95

/** The host that the addon makes. Its calls on files run in libuv's pool. */
export class AddonHost implements Host {
  readonly binding: NativeBinding
  readonly addon: string
  readonly obstacle = null
  readonly taskToWatch = 0

  /** `addon` is the file that `binding` was loaded from. */
  constructor(binding: NativeBinding, addon: string) {
    this.binding = binding
    this.addon = addon
  }

  async claim(): Promise<boolean> {
    return this.binding.claim()
  }

  releaseClaim(): void {
    this.binding.releaseClaim()
  }

  storeOnExit(words: Int32Array, index: number, value: number): void {
    this.binding.storeOnExit(words, index, value)
  }

  fileLimit(): number {
    return this.binding.fileLimit()
  }

  dontFork(view: Uint8Array): void {
    this.binding.dontFork(view)
  }

  dropPages(view: Uint8Array): void {
    this.binding.dropPages(view)
  }

  directAlignment(fd: number, out: Uint32Array): number {
    return this.binding.directAlignment(fd, out)
  }

  allocate(file: OpenFile, offset: bigint, length: bigint, done: Done): void {
    this.binding.fileCall(CALL_FALLOCATE, file.fd, 0, offset, length, done)
  }

  syncRange(file: OpenFile, flags: number, offset: bigint, length: bigint, done: Done): void {
    this.binding.fileCall(CALL_SYNC_FILE_RANGE, file.fd, flags, offset, length, done)
  }

  trim(file: OpenFile, offset: bigint, length: bigint, done: Done): void {
    if (file.kind === FILE_KIND_BLOCK_DEVICE) {
      this.#discard(file.fd, offset, length, done)
      return
    }
    const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
    const punched = (res: number): void => done(res < 0 ? res : TRIM_HOLE)
    this.binding.fileCall(CALL_FALLOCATE, file.fd, mode, offset, length, punched)
  }

  /** The ioctls: a device that cannot discard gets zeroes. */
  #discard(fd: number, offset: bigint, length: bigint, done: Done): void {
    const { binding } = this
    binding.fileCall(CALL_DISCARD, fd, 0, offset, length, (res) => {
      if (res !== EOPNOTSUPP) {
        done(res < 0 ? res : TRIM_DISCARD_IOCTL)
        return
      }
      const zeroed = (result: number): void => done(result < 0 ? result : TRIM_ZEROES)
      binding.fileCall(CALL_ZEROOUT, fd, 0, offset, length, zeroed)
    })
  }
}
