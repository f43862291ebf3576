// The process behind faulty-filesystem.ts: answers the kernel from memory, or with the fault that it
// was told to. It reads /dev/fuse itself, so nothing has to be installed.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import type { Answer, Order, Rule } from './faulty-filesystem.ts'
import {
  attributesReply,
  entry,
  initReply,
  type Node,
  opened,
  parse,
  REQUEST_BYTES,
  type Request,
  ROOT,
  reply,
  statfsReply,
  WRITE_BYTES,
} from './fuse-protocol.ts'

const ENOENT = -2
const EINTR = -4
const ENOSYS = -38
const NOTHING = Buffer.alloc(0)
/** Requests that are read at a time: fewer than the threads of libuv's pool. */
const READERS = 3
/** FATTR_SIZE of fuse_setattr_in. */
const SETS_SIZE = 1 << 3
/** FALLOC_FL_PUNCH_HOLE and FALLOC_FL_ZERO_RANGE. */
const EMPTIES = 0x02 | 0x10

class MemoryFile implements Node {
  readonly number: number
  readonly mode: number = 0o100644
  size = 0
  #bytes = Buffer.alloc(0)

  constructor(number: number) {
    this.number = number
  }

  resize(size: number): void {
    if (size > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.size)
      this.#bytes = larger
    } else if (size < this.size) {
      this.#bytes.fill(0, size, this.size)
    }
    this.size = size
  }

  read(from: number, length: number): Buffer {
    return this.#bytes.subarray(Math.min(from, this.size), Math.min(from + length, this.size))
  }

  empty(from: number, to: number): void {
    this.#bytes.fill(0, Math.min(from, this.size), Math.min(to, this.size))
  }

  write(bytes: Buffer, at: number): void {
    if (at + bytes.length > this.size) this.resize(at + bytes.length)
    bytes.copy(this.#bytes, at)
  }
}

const root: Node = { number: ROOT, mode: 0o040755, size: 4096 }
const files = new Map<string, MemoryFile>()
const byNumber = new Map<number, MemoryFile>()
const rules = new Map<string, Rule>()
const calls = new Map<string, number>()
/** What is held back, by the number of its request. */
const held = new Map<bigint, (error: number) => void>()
const direct = process.argv[3] !== 'cached'

type Result = Buffer | number

function nodeAt(number: number): Node {
  return number === ROOT ? root : fileAt(number)
}

function fileAt(number: number): MemoryFile {
  return byNumber.get(number)!
}

function text(body: Buffer, from: number = 0): string {
  return body.toString('utf8', from, body.indexOf(0, from))
}

function create(name: string): MemoryFile {
  const file = new MemoryFile(2 + byNumber.size)
  files.set(name, file)
  byNumber.set(file.number, file)
  return file
}

function setAttributes({ node, body }: Request): Result {
  if (body.readUInt32LE(0) & SETS_SIZE) fileAt(node).resize(Number(body.readBigUInt64LE(16)))
  return attributesReply(nodeAt(node))
}

function read({ node, body }: Request, most: number): Result {
  const length = Math.min(body.readUInt32LE(16), most)
  return fileAt(node).read(Number(body.readBigUInt64LE(8)), length)
}

function write({ node, body }: Request, most: number): Result {
  const length = Math.min(body.readUInt32LE(16), most)
  fileAt(node).write(body.subarray(40, 40 + length), Number(body.readBigUInt64LE(8)))
  const written = Buffer.alloc(8)
  written.writeUInt32LE(length, 0)
  return written
}

function allocate({ node, body }: Request): Result {
  const from = Number(body.readBigUInt64LE(8))
  const end = from + Number(body.readBigUInt64LE(16))
  const mode = body.readUInt32LE(24)
  const file = fileAt(node)
  if (mode & EMPTIES) file.empty(from, end)
  else if (mode === 0 && end > file.size) file.resize(end)
  return NOTHING
}

/** What a request without fault does; `most` bytes of it, if it transfers any. */
function perform(request: Request, most: number): Result {
  const { name, node, body } = request
  switch (name) {
    case 'init':
      return initReply()
    case 'lookup':
      return files.has(text(body)) ? entry(files.get(text(body))!) : ENOENT
    case 'getattr':
      return attributesReply(nodeAt(node))
    case 'setattr':
      return setAttributes(request)
    case 'unlink':
      return files.delete(text(body)) ? NOTHING : ENOENT
    case 'open':
      return opened(nodeAt(node), direct)
    case 'create': {
      const file = create(text(body, 16))
      return Buffer.concat([entry(file), opened(file, direct)])
    }
    case 'opendir':
      return opened(root, false)
    case 'read':
      return read(request, most)
    case 'write':
      return write(request, most)
    case 'fallocate':
      return allocate(request)
    case 'statfs':
      return statfsReply()
    case 'fsync':
    case 'flush':
    case 'release':
    case 'releasedir':
    case 'destroy':
      return NOTHING
    default:
      return ENOSYS
  }
}

/** The rule that a call falls under, once the calls that it spares are over. */
function ruleFor(name: string): Rule {
  const rule = rules.get(name)
  if (rule === undefined) return {}
  if (rule.after !== undefined && rule.after > 0) {
    rule.after--
    return {}
  }
  if (rule.times !== undefined) {
    if (rule.times === 0) return {}
    rule.times--
  }
  return rule
}

async function answer(request: Request): Promise<Result> {
  const { name, unique } = request
  calls.set(name, (calls.get(name) ?? 0) + 1)
  const { error, bytes, hold } = ruleFor(name)
  if (hold === true) {
    const interrupted = await new Promise<number>((resolve) => held.set(unique, resolve))
    held.delete(unique)
    if (interrupted < 0) return interrupted
  }
  if (error !== undefined) return error
  return perform(request, bytes ?? WRITE_BYTES)
}

async function serve(fuse: number, request: Request): Promise<void> {
  const { name, unique, body } = request
  if (name === 'forget' || name === 'batchForget') return
  if (name === 'interrupt') {
    held.get(body.readBigUInt64LE(0))?.(EINTR)
    return
  }
  const result = await answer(request)
  const bytes =
    typeof result === 'number' ? reply(unique, result, NOTHING) : reply(unique, 0, result)
  try {
    fs.writeSync(fuse, bytes)
  } catch (error) {
    // Nobody waits for this any more.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function readRequests(fuse: number): void {
  const bytes = Buffer.alloc(REQUEST_BYTES)
  fs.read(fuse, bytes, 0, bytes.length, null, (error, length) => {
    if (error === null) void serve(fuse, parse(Buffer.from(bytes.subarray(0, length))))
    // It was unmounted, and that was all that this process was for.
    else if (error.code === 'ENODEV') process.kill(process.pid, 'SIGKILL')
    readRequests(fuse)
  })
}

function obey(order: Order): Answer {
  if (order.kind === 'rule') {
    if (order.rule === null) rules.delete(order.call)
    else rules.set(order.call, order.rule)
  } else if (order.kind === 'release') {
    for (const resolve of held.values()) resolve(0)
  }
  return { calls: Object.fromEntries(calls), held: held.size }
}

function mount(directory: string): Answer {
  const fuse = fs.openSync('/dev/fuse', 'r+')
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other'
  const { status, stderr, error } = spawnSync(
    'mount',
    ['-i', '-t', 'fuse', '-o', options, 'uring-actor-test', directory],
    { stdio: ['ignore', 'ignore', 'pipe', fuse], encoding: 'utf8' },
  )
  if (status !== 0) return { failure: error?.message ?? stderr.trim() }
  for (let reader = 0; reader < READERS; reader++) readRequests(fuse)
  return { calls: {}, held: 0 }
}

process.on('message', (order: Order) => process.send!(obey(order)))
// Whoever told us what to do has gone, perhaps killed before it could clean up. A plain exit would wait
// for the reads of /dev/fuse.
process.on('disconnect', () => {
  spawnSync('umount', ['-l', process.argv[2]!], { stdio: 'ignore' })
  process.kill(process.pid, 'SIGKILL')
})
try {
  process.send!(mount(process.argv[2]!))
} catch (error) {
  process.send!({ failure: (error as Error).message })
}
