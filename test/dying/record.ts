// A block that says itself what it is: its number, its version, and a checksum over all of it.
import { crc32 } from 'node:zlib'

export const RECORD_BYTES = 4096
const MAGIC = 0x44594e47
const CHECKSUM_AT = RECORD_BYTES - 4

/** Makes the memory record `number` in its `version` (not 0). */
export function sealRecord(bytes: Buffer, number: number, version: number): void {
  bytes.fill((number * 31 + version) & 0xff)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(number, 4)
  bytes.writeUInt32LE(version, 8)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKSUM_AT)), CHECKSUM_AT)
}

/** The version of record `number`; 0 for zeros, -1 for what is no whole record or another one. */
export function versionOf(bytes: Buffer, number: number): number {
  if (bytes.readUInt32LE(0) === 0) return bytes.every((byte) => byte === 0) ? 0 : -1
  const right =
    bytes.readUInt32LE(0) === MAGIC &&
    bytes.readUInt32LE(4) === number &&
    bytes.readUInt32LE(CHECKSUM_AT) === crc32(bytes.subarray(0, CHECKSUM_AT))
  return right ? bytes.readUInt32LE(8) : -1
}
