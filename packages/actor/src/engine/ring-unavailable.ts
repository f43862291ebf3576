import { getSystemErrorName } from 'node:util'

/** A call without which there is no ring failed. */
export class RingUnavailable extends Error {
  readonly call: string
  readonly errno: number

  constructor(call: string, errno: number) {
    super(`${call} failed with ${getSystemErrorName(errno)}`)
    this.call = call
    this.errno = errno
  }
}
