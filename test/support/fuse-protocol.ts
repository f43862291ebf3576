// As much of the FUSE protocol (linux/fuse.h, version 7.31) as a flat directory of files needs.

const OPCODES: Readonly<Record<number, string>> = {
  1: 'lookup',
  2: 'forget',
  3: 'getattr',
  4: 'setattr',
  10: 'unlink',
  14: 'open',
  15: 'read',
  16: 'write',
  17: 'statfs',
  18: 'release',
  20: 'fsync',
  25: 'flush',
  26: 'init',
  27: 'opendir',
  29: 'releasedir',
  35: 'create',
  36: 'interrupt',
  38: 'destroy',
  42: 'batchForget',
  43: 'fallocate',
}

const IN_HEADER_BYTES = 40
const OUT_HEADER_BYTES = 16
const ATTRIBUTE_BYTES = 88

/** Largest write of one request, and the size of the buffer that requests are read into, in bytes. */
export const WRITE_BYTES = 131_072
export const REQUEST_BYTES = WRITE_BYTES + 4096

export const ROOT = 1

export interface Request {
  readonly name: string
  readonly unique: bigint
  readonly node: number
  /** What follows the header. */
  readonly body: Buffer
}

export function parse(bytes: Buffer): Request {
  return {
    name: OPCODES[bytes.readUInt32LE(4)] ?? 'unknown',
    unique: bytes.readBigUInt64LE(8),
    node: Number(bytes.readBigUInt64LE(16)),
    body: bytes.subarray(IN_HEADER_BYTES, bytes.readUInt32LE(0)),
  }
}

/** A reply: `error` is 0 or -errno. */
export function reply(unique: bigint, error: number, body: Buffer): Buffer {
  const header = Buffer.alloc(OUT_HEADER_BYTES)
  header.writeUInt32LE(OUT_HEADER_BYTES + body.length, 0)
  header.writeInt32LE(error, 4)
  header.writeBigUInt64LE(unique, 8)
  return Buffer.concat([header, body])
}

export interface Node {
  readonly number: number
  readonly mode: number
  readonly size: number
}

function attributes(node: Node): Buffer {
  const bytes = Buffer.alloc(ATTRIBUTE_BYTES)
  bytes.writeBigUInt64LE(BigInt(node.number), 0)
  bytes.writeBigUInt64LE(BigInt(node.size), 8)
  bytes.writeBigUInt64LE(BigInt(Math.ceil(node.size / 512)), 16)
  bytes.writeUInt32LE(node.mode, 60)
  bytes.writeUInt32LE(1, 64)
  bytes.writeUInt32LE(4096, 80)
  return bytes
}

/** fuse_entry_out: nothing of it may be cached, so that every call arrives here. */
export function entry(node: Node): Buffer {
  const bytes = Buffer.alloc(40)
  bytes.writeBigUInt64LE(BigInt(node.number), 0)
  return Buffer.concat([bytes, attributes(node)])
}

/** fuse_attr_out. */
export function attributesReply(node: Node): Buffer {
  return Buffer.concat([Buffer.alloc(16), attributes(node)])
}

/** fuse_open_out. `direct`: the kernel caches no bytes, so that every read and write arrives. */
export function opened(node: Node, direct: boolean): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(BigInt(node.number), 0)
  bytes.writeUInt32LE(direct ? 1 : 0, 8)
  return bytes
}

/**
 * fuse_init_out. Of what the kernel offers we take large writes only, above all not FUSE_ASYNC_DIO:
 * it turns a short write into EIO.
 */
export function initReply(): Buffer {
  const FUSE_BIG_WRITES = 1 << 5
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE(7, 0)
  bytes.writeUInt32LE(31, 4)
  bytes.writeUInt32LE(WRITE_BYTES, 8)
  bytes.writeUInt32LE(FUSE_BIG_WRITES, 12)
  bytes.writeUInt16LE(16, 16)
  bytes.writeUInt16LE(12, 18)
  bytes.writeUInt32LE(WRITE_BYTES, 20)
  bytes.writeUInt32LE(1, 24)
  return bytes
}

export function statfsReply(): Buffer {
  const bytes = Buffer.alloc(80)
  for (const at of [0, 8, 16, 24, 32]) bytes.writeBigUInt64LE(1n << 20n, at)
  bytes.writeUInt32LE(4096, 40)
  bytes.writeUInt32LE(255, 44)
  bytes.writeUInt32LE(4096, 48)
  return bytes
}
