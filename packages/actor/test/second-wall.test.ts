// The kernel as the second wall: requests that the actor's own checks would never let through, given to
// the ring itself. The kernel refuses each of them, and no byte moves.
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OPERATION_READ, OPERATION_WRITE } from '@uring-actor/client/protocol'
import { loadBinding, type NativeBinding } from '@uring-actor/native'
import {
  IORING_OP_FSYNC,
  IORING_OP_READ,
  IORING_OP_READ_FIXED,
  IORING_OP_WRITE,
  IORING_OP_WRITE_FIXED,
  IORING_REGISTER_EVENTFD,
  IORING_REGISTER_FILES2,
  IORING_REGISTER_RESTRICTIONS,
  IORING_RSRC_REGISTER_SPARSE,
  IOSQE_FIXED_FILE,
} from '#dist/engine/kernel-abi.js'
import { type OpenedRing, openRing } from '#dist/engine/open-ring.js'
import { UringEngine } from '#dist/engine/uring-engine.js'
import { OpenFile } from '#dist/files/file-table.js'
import * as table from '#dist/operations/operation-table.js'

const EBADF = -9
const EACCES = -13
const EFAULT = -14
const ARENA = 2 ** 20
const FILE = 1
const MINE = 1
const OTHER = 2
/** Of <linux/io_uring.h>; none of them is in use here. */
const FOREIGN = { OPENAT: 18, CLOSE: 19, STATX: 21, SEND: 26, SPLICE: 30, UNLINKAT: 36, SOCKET: 45 }

function attempt<T>(make: () => T): T | string {
  try {
    return make()
  } catch (error) {
    return (error as Error).message
  }
}

function ringOf(binding: NativeBinding): OpenedRing {
  return openRing(binding, {
    cqEntries: 16,
    sqEntries: 8,
    fileSlots: 4,
    bufferSlots: 4,
    fixedBuffersOnly: true,
    kernelWorkers: [2, 2],
    eventFd: -1,
    maskedOpcodes: [],
  })
}

const arena = (): Uint8Array =>
  new Uint8Array(new SharedArrayBuffer(ARENA, { maxByteLength: ARENA }), 0, ARENA)

const loaded = attempt(loadBinding)
const probe = typeof loaded === 'string' ? loaded : attempt(() => ringOf(loaded))
if (typeof probe !== 'string') probe.native.close(0)

describe('the ring', { skip: typeof probe === 'string' ? probe : false }, () => {
  const binding = loaded as NativeBinding
  const directory = mkdtempSync(path.join(os.tmpdir(), 'uring-actor-'))
  const file = path.join(directory, 'file')
  const content = Buffer.alloc(8192, 0x66)
  const mine = arena()
  const other = arena()
  let opened: OpenedRing
  let fd: number

  before(() => {
    writeFileSync(file, content)
    fd = openSync(file, 'r+')
    opened = ringOf(binding)
    assert.equal(opened.native.registerFile(FILE, fd), 0)
    assert.equal(opened.native.registerBuffer(MINE, mine), 0)
    assert.equal(opened.native.registerBuffer(OTHER, other), 0)
    other.fill(0x55)
  })
  after(() => {
    opened.native.close(1000)
    closeSync(fd)
    rmSync(directory, { recursive: true })
  })

  interface Entry {
    opcode?: number
    flags?: number
    fd?: number
    address?: number
    length?: number
    buffer?: number
  }

  /** What the kernel says of one request. */
  function resultOf(entry: Entry): number {
    const { ring } = opened
    const { opcode = IORING_OP_READ_FIXED, flags = IOSQE_FIXED_FILE } = entry
    const address = entry.address ?? binding.addressOf(mine)
    const [low, high] = [address | 0, (address / 2 ** 32) | 0]
    const { length = 64, buffer = MINE } = entry
    ring.push(opcode, flags, entry.fd ?? FILE, 0, 0, low, high, length, 0, 7, buffer, 0, 0)
    let result: number | undefined
    for (let round = 0; round < 100 && result === undefined; round++) {
      ring.enter(1, 100_000, 0)
      ring.reap({
        completed: (_tag, res) => {
          result = res
        },
      })
    }
    assert.ok(result !== undefined, 'no completion')
    return result
  }

  test('takes what is in order', () => {
    assert.equal(resultOf({}), 64)
    assert.equal(mine[63], 0x66)
    const end = binding.addressOf(mine) + ARENA
    assert.equal(resultOf({ address: end - 64 }), 64)
  })

  test('refuses memory outside of the registered arena: EFAULT', () => {
    const begin = binding.addressOf(mine)
    const addresses = {
      'across its end': begin + ARENA - 32,
      'behind it': begin + ARENA,
      'before it': begin - 64,
      'across its begin': begin - 32,
      nothing: 0,
      'the arena of another client': binding.addressOf(other),
    }
    for (const opcode of [IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED]) {
      for (const [what, address] of Object.entries(addresses)) {
        assert.equal(resultOf({ opcode, address }), EFAULT, what)
      }
      assert.equal(resultOf({ opcode, length: ARENA + 1 }), EFAULT, 'too long')
      for (const buffer of [3, 4, 65535]) {
        assert.equal(resultOf({ opcode, buffer }), EFAULT, `buffer ${buffer}`)
      }
    }
    assert.ok(other.every((byte) => byte === 0x55))
  })

  test('refuses unregistered memory, raw descriptors and foreign opcodes: EACCES', () => {
    assert.equal(resultOf({ opcode: IORING_OP_READ }), EACCES)
    assert.equal(resultOf({ opcode: IORING_OP_WRITE }), EACCES)
    assert.equal(resultOf({ flags: 0, fd }), EACCES)
    assert.equal(resultOf({ opcode: IORING_OP_FSYNC, flags: 0, fd }), EACCES)
    for (const [name, opcode] of Object.entries(FOREIGN)) {
      assert.equal(resultOf({ opcode }), EACCES, name)
      assert.equal(resultOf({ opcode, flags: 0, fd }), EACCES, name)
    }
    // Draining, hard links and completions left out.
    for (const flag of [2, 8, 64]) {
      assert.equal(resultOf({ flags: IOSQE_FIXED_FILE | flag }), EACCES, `flag ${flag}`)
    }
  })

  test('refuses file slots that hold no file: EBADF', () => {
    for (const slot of [0, 2, 3, 4, 4096, -1, 2 ** 31 - 1]) {
      assert.equal(resultOf({ fd: slot }), EBADF, `slot ${slot}`)
      assert.equal(resultOf({ opcode: IORING_OP_WRITE_FIXED, fd: slot }), EBADF)
      const sync = { opcode: IORING_OP_FSYNC, address: 0, length: 0, buffer: 0 }
      assert.equal(resultOf({ ...sync, fd: slot }), EBADF)
    }
  })

  test('takes no other registration any more: EACCES', () => {
    const { native } = opened
    const rules = new Uint8Array(16)
    assert.ok(native.register(IORING_REGISTER_RESTRICTIONS, rules, 1) < 0)
    assert.equal(native.register(IORING_REGISTER_EVENTFD, Int32Array.of(fd), 1), EACCES)
    const sparse = Uint32Array.of(8, IORING_RSRC_REGISTER_SPARSE, 0, 0, 0, 0, 0, 0)
    assert.ok(native.register(IORING_REGISTER_FILES2, sparse, 32) < 0)
  })

  test('has left the file as it was', () => {
    assert.ok(readFileSync(file).equals(content))
  })

  test('behind the engine, rows that no check has seen are refused all the same', (context) => {
    const engine = UringEngine.open(
      binding,
      {
        queueDepth: 16,
        maxClients: 2,
        arenaBytes: ARENA,
        maxFiles: 8,
        cachedWrites: false,
        kernelWorkers: [2, 2],
        maskedOpcodes: [],
      },
      () => {},
    )
    try {
      if (!engine.restricted) return context.skip('memory may not be locked here')
      engine.attachArena(0, mine.buffer as SharedArrayBuffer)
      engine.attachArena(1, other.buffer as SharedArrayBuffer)
      assert.equal(engine.registerFile(new OpenFile(FILE, 1, fd, 0, 2, 0, 512, 512)), 0)
      const rowResult = (kind: number, slot: number, addr: number, length: number): number => {
        const row = engine.table.claim()
        const at = row * table.ROW_WORDS
        const { words } = engine.table
        words.fill(0, at, at + table.ROW_WORDS)
        words[at + table.ROW_KIND] = kind
        words[at + table.ROW_FILE] = slot
        words[at + table.ROW_ADDR_LOW] = addr
        words[at + table.ROW_LEN] = length
        engine.begin(row, false)
        let result: number | undefined
        for (let round = 0; round < 100 && result === undefined; round++) {
          engine.submit({
            completed: (_tag, res) => {
              result = res
            },
            reaping: () => {},
          })
        }
        engine.table.free(row)
        assert.ok(result !== undefined)
        return result
      }
      assert.equal(rowResult(OPERATION_READ, FILE, 0, 64), 64)
      for (const kind of [OPERATION_READ, OPERATION_WRITE]) {
        assert.equal(rowResult(kind, FILE, ARENA - 32, 64), EFAULT)
        assert.equal(rowResult(kind, FILE, 0, 2 ** 30), EFAULT)
        assert.equal(rowResult(kind, 5, 0, 64), EBADF)
        assert.equal(rowResult(kind, 4096, 0, 64), EBADF)
      }
      assert.ok(readFileSync(file).equals(content))
    } finally {
      engine.close(1000)
    }
  })
})
