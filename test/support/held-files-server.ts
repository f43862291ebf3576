// Answers the kernel's requests for held-files.ts: as little of the FUSE protocol (linux/fuse.h) as
// one file needs.
import { spawn } from 'node:child_process'
import { openSync, read, writeSync } from 'node:fs'
import process from 'node:process'
import type { ServerNews, ServerOrder } from './held-files.ts'

const FILE_BYTES = 64 << 20
const FILE_BYTE = 0x5a
const ROOT = 1n
const FILE = 2n
const ENOSYS = -38
const ENOENT = -2

const LOOKUP = 1
const FORGET = 2
const GETATTR = 3
const SETATTR = 4
const OPEN = 14
const READ = 15
const WRITE = 16
const RELEASE = 18
const FSYNC = 20
const FLUSH = 25
const INIT = 26
const OPENDIR = 27
const RELEASEDIR = 29
const INTERRUPT = 36
const BATCH_FORGET = 42

/** Without it the kernel reads ahead in the thread that asks, which could then not be interrupted. */
const ASYNC_READ = 1 << 0
const MAX_READAHEAD = 128 * 1024

const IN_HEADER_BYTES = 40
const OUT_HEADER_BYTES = 16
const BUFFER_BYTES = 1 << 20

const directory = process.argv[2]!
const fd = openSync('/dev/fuse', 'r+')
let holding = false
let waiting: Array<() => void> = []

function say(news: ServerNews): void {
  process.send!(news)
}

function answer(unique: bigint, error: number, body: Buffer = Buffer.alloc(0)): void {
  const header = Buffer.alloc(OUT_HEADER_BYTES)
  header.writeUInt32LE(OUT_HEADER_BYTES + body.length, 0)
  header.writeInt32LE(error, 4)
  header.writeBigUInt64LE(unique, 8)
  try {
    writeSync(fd, Buffer.concat([header, body]))
  } catch {
    // Whoever asked has been killed meanwhile.
  }
}

/** struct fuse_attr. */
function attributes(node: bigint): Buffer {
  const bytes = Buffer.alloc(88)
  bytes.writeBigUInt64LE(node, 0)
  bytes.writeBigUInt64LE(node === FILE ? BigInt(FILE_BYTES) : 0n, 8)
  bytes.writeUInt32LE(node === FILE ? 0o100666 : 0o040777, 60)
  bytes.writeUInt32LE(1, 64)
  bytes.writeUInt32LE(4096, 80)
  return bytes
}

/** struct fuse_init_out, of version 7.31. */
function initial(): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE(7, 0)
  bytes.writeUInt32LE(31, 4)
  bytes.writeUInt32LE(MAX_READAHEAD, 8)
  bytes.writeUInt32LE(ASYNC_READ, 12)
  bytes.writeUInt16LE(64, 16)
  bytes.writeUInt16LE(64, 18)
  bytes.writeUInt32LE(128 * 1024, 20)
  bytes.writeUInt32LE(1, 24)
  return bytes
}

/** Answers when it may: at once, or when the test says so. */
function transfer(reply: () => void): void {
  if (!holding) {
    reply()
    return
  }
  waiting.push(reply)
  say('held')
}

function handle(opcode: number, unique: bigint, node: bigint, body: Buffer): void {
  if (opcode === INIT) answer(unique, 0, initial())
  else if (opcode === LOOKUP && body.toString('utf8', 0, 5) === 'held\0') {
    const entry = Buffer.alloc(40)
    entry.writeBigUInt64LE(FILE, 0)
    answer(unique, 0, Buffer.concat([entry, attributes(FILE)]))
  } else if (opcode === LOOKUP) answer(unique, ENOENT)
  else if (opcode === GETATTR || opcode === SETATTR) {
    answer(unique, 0, Buffer.concat([Buffer.alloc(16), attributes(node === ROOT ? ROOT : FILE)]))
  } else if (opcode === OPEN || opcode === OPENDIR) answer(unique, 0, Buffer.alloc(16))
  else if (opcode === READ) {
    const offset = Number(body.readBigUInt64LE(8))
    const length = Math.max(0, Math.min(body.readUInt32LE(16), FILE_BYTES - offset))
    transfer(() => answer(unique, 0, Buffer.alloc(length, FILE_BYTE)))
  } else if (opcode === WRITE) {
    const written = Buffer.alloc(8)
    written.writeUInt32LE(body.readUInt32LE(16), 0)
    transfer(() => answer(unique, 0, written))
  } else if (opcode === FSYNC) transfer(() => answer(unique, 0))
  else if (opcode === FLUSH || opcode === RELEASE || opcode === RELEASEDIR) answer(unique, 0)
  // An interrupted request is answered in its time, as by a device that cannot be interrupted.
  else if (opcode !== FORGET && opcode !== BATCH_FORGET && opcode !== INTERRUPT) {
    answer(unique, ENOSYS)
  }
}

function next(): void {
  const bytes = Buffer.alloc(BUFFER_BYTES)
  read(fd, bytes, 0, BUFFER_BYTES, null, (error, length) => {
    if (error?.code === 'ENODEV') process.exit(0)
    if (error === null) {
      const body = bytes.subarray(IN_HEADER_BYTES, length)
      handle(bytes.readUInt32LE(4), bytes.readBigUInt64LE(8), bytes.readBigUInt64LE(16), body)
    }
    next()
  })
}

function release(): void {
  holding = false
  const replies = waiting
  waiting = []
  for (const reply of replies) reply()
}

process.on('message', (order: ServerOrder) => {
  if (order === 'hold') holding = true
  else release()
  say('done')
})
// For a test that cannot send a message then, because its thread is blocked.
process.on('SIGUSR1', release)
process.on('disconnect', () => process.exit(0))

const how = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other'
const mount = spawn('mount', ['-i', '-t', 'fuse', '-o', how, 'held', directory], {
  stdio: ['ignore', 'inherit', 'inherit', fd],
})
next()
mount.on('exit', (code) => {
  if (code === 0) say('mounted')
  else process.exit(1)
})
