// What a ring does: requests go in, completions come out, and it closes without leaving anything.
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { arena, binding, kernel, MODERN, TestRing, whyNoRing } from './support/ring.ts'
import { openFiles } from './support/threads.ts'

const { EACCES, EBADF, EFAULT, EINVAL, ETIME } = os.constants.errno
const directory = mkdtempSync(path.join(os.tmpdir(), 'uring-actor-ring-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const plain = { skip: whyNoRing(0) }
const modern = { skip: whyNoRing() }

describe('a ring', () => {
  test('completes nops in the order they were posted, several times around', plain, () => {
    const ring = new TestRing(0, 4)
    for (let round = 0; round < 10; round++) {
      for (let slot = 0; slot < 3; slot++) {
        ring.post({ opcode: kernel('IORING_OP_NOP'), userData: round * 3 + slot })
      }
      assert.deepEqual(
        ring.submit(3),
        [0, 1, 2].map((slot) => ({ userData: round * 3 + slot, result: 0 })),
      )
    }
    assert.equal(ring.native.close(100), 0)
  })

  test('works the same through its registered descriptor', modern, () => {
    const ring = new TestRing()
    assert.equal(ring.native.registerRingFd(), 0)
    ring.post({ opcode: kernel('IORING_OP_NOP'), userData: 5 })
    assert.deepEqual(ring.submit(1), [{ userData: 5, result: 0 }])
    assert.equal(ring.native.close(100), 0)
  })

  test('waits no longer than its timeout', modern, () => {
    const ring = new TestRing()
    const begun = performance.now()
    assert.equal(ring.native.enter(0, 1, kernel('IORING_ENTER_GETEVENTS'), 20_000), -ETIME)
    const waited = performance.now() - begun
    assert.ok(waited >= 19 && waited < 2000, `waited ${waited} ms`)
    ring.native.close(0)
  })

  test('refuses to wait without a timeout', modern, () => {
    const ring = new TestRing()
    assert.equal(ring.native.enter(0, 1, kernel('IORING_ENTER_GETEVENTS'), -1), -EINVAL)
    ring.native.close(0)
  })

  test('refuses to map memory it does not have', plain, () => {
    const ring = new TestRing(0)
    assert.equal(ring.native.map(kernel('IORING_OFF_SQ_RING'), 1 << 30), -EINVAL)
    assert.equal(ring.native.map(4096, 4096), -EINVAL)
    assert.equal(ring.native.map(kernel('IORING_OFF_SQES'), 0), -EINVAL)
    ring.native.close(0)
  })

  test('answers -errno when it cannot be made', () => {
    const params = new Uint32Array(30)
    params[2] = 0x80000000
    assert.ok((binding.openRing(8, params) as number) < 0)
    assert.ok((binding.openRing(0, new Uint32Array(30)) as number) < 0)
  })

  test('takes no register opcode whose argument holds pointers', modern, () => {
    const ring = new TestRing()
    const { native } = ring
    const bytes = new Uint8Array(4096)
    const pointing = new BigUint64Array(4).fill(4096n)
    assert.equal(native.register(kernel('IORING_REGISTER_BUFFERS'), bytes, 1), -EINVAL)
    assert.equal(native.register(kernel('IORING_REGISTER_FILES_UPDATE'), bytes, 1), -EINVAL)
    assert.equal(native.register(kernel('IORING_REGISTER_BUFFERS2'), pointing, 32), -EINVAL)
    assert.equal(native.register(200, bytes, 1), -EINVAL)
    // An argument that is too short would make the kernel write beyond its end.
    assert.equal(
      native.register(kernel('IORING_REGISTER_PROBE'), new Uint8Array(100), 256),
      -EINVAL,
    )
    assert.equal(native.register(kernel('IORING_REGISTER_PROBE'), null, 1), -EINVAL)
    ring.native.close(0)
  })

  test('tells which opcodes it supports', plain, () => {
    const ring = new TestRing(0)
    const probe = new DataView(new ArrayBuffer(kernel('io_uring_probe') + 256 * 8))
    assert.equal(ring.native.register(kernel('IORING_REGISTER_PROBE'), probe, 256), 0)
    assert.ok(probe.getUint8(kernel('io_uring_probe.last_op')) >= kernel('IORING_OP_READ'))
    ring.native.close(0)
  })
})

type Rule = readonly [rule: string, value: string]
const MAY_CANCEL: Rule = ['IORING_RESTRICTION_REGISTER_OP', 'IORING_REGISTER_SYNC_CANCEL']

/** A ring that lets through a few opcodes, and those only on registered files. */
function restrictedRing(more: Rule = MAY_CANCEL): TestRing {
  const ring = new TestRing(MODERN | kernel('IORING_SETUP_R_DISABLED'))
  const rules: Rule[] = [
    more,
    ['IORING_RESTRICTION_SQE_OP', 'IORING_OP_READ_FIXED'],
    ['IORING_RESTRICTION_SQE_OP', 'IORING_OP_WRITE_FIXED'],
    ['IORING_RESTRICTION_REGISTER_OP', 'IORING_REGISTER_ENABLE_RINGS'],
    ['IORING_RESTRICTION_REGISTER_OP', 'IORING_REGISTER_BUFFERS_UPDATE'],
    ['IORING_RESTRICTION_REGISTER_OP', 'IORING_REGISTER_FILES_UPDATE2'],
    ['IORING_RESTRICTION_REGISTER_OP', 'IORING_UNREGISTER_RING_FDS'],
    ['IORING_RESTRICTION_SQE_FLAGS_REQUIRED', 'IOSQE_FIXED_FILE'],
  ]
  const size = kernel('io_uring_restriction')
  const restrictions = new DataView(new ArrayBuffer(rules.length * size))
  for (const [index, [rule, value]] of rules.entries()) {
    restrictions.setUint16(index * size, kernel(rule), true)
    restrictions.setUint8(index * size + kernel('io_uring_restriction.sqe_op'), kernel(value))
  }
  const table = new Uint32Array(kernel('io_uring_rsrc_register') / 4)
  table[0] = 4
  table[1] = kernel('IORING_RSRC_REGISTER_SPARSE')
  const { native } = ring
  assert.equal(native.register(kernel('IORING_REGISTER_BUFFERS2'), table, 32), 0)
  assert.equal(native.register(kernel('IORING_REGISTER_FILES2'), table, 32), 0)
  assert.equal(
    native.register(kernel('IORING_REGISTER_RESTRICTIONS'), restrictions, rules.length),
    0,
  )
  assert.equal(native.registerRingFd(), 0)
  assert.equal(native.register(kernel('IORING_REGISTER_ENABLE_RINGS'), null, 0), 0)
  return ring
}

describe('a restricted ring with a registered arena', modern, () => {
  const file = path.join(directory, 'data')
  const fixed = kernel('IOSQE_FIXED_FILE')

  test('reads and writes inside it and nowhere else', () => {
    writeFileSync(file, Buffer.alloc(8192, 'a'))
    const fd = openSync(file, 'r+')
    const ring = restrictedRing()
    const memory = arena(8192)
    const address = binding.addressOf(memory)
    const read = { opcode: kernel('IORING_OP_READ_FIXED'), flags: fixed, fd: 1, bufferIndex: 2 }
    const one = (request: Parameters<TestRing['post']>[0]): number => {
      ring.post(request)
      return ring.submit(1)[0]!.result
    }
    assert.equal(one({ ...read, address, length: 4096 }), -EBADF)
    assert.equal(ring.native.registerFile(1, fd), 0)
    assert.equal(ring.native.registerBuffer(2, memory), 0)
    closeSync(fd)

    assert.equal(one({ ...read, address, length: 4096 }), 4096)
    assert.equal(Buffer.from(memory).toString('latin1'), 'a'.repeat(4096) + '\0'.repeat(4096))
    memory.fill(98, 0, 100)
    const write = { ...read, opcode: kernel('IORING_OP_WRITE_FIXED') }
    assert.equal(one({ ...write, address, length: 100, offset: 50 }), 100)
    assert.equal(readFileSync(file, 'latin1').slice(48, 152), `aa${'b'.repeat(100)}aa`)

    assert.equal(one({ ...read, address: address + 4096, length: 4097 }), -EFAULT)
    assert.equal(one({ ...read, address: address - 1, length: 1 }), -EFAULT)
    assert.equal(one({ ...read, flags: 0, fd: 0, address, length: 1 }), -EACCES)
    assert.equal(one({ ...read, opcode: kernel('IORING_OP_READ'), address, length: 1 }), -EACCES)
    assert.equal(ring.native.registerBuffer(2, null), 0)
    assert.equal(one({ ...read, address, length: 1 }), -EFAULT)
    assert.equal(ring.native.registerFile(1, -1), 0)
    assert.equal(one({ ...read, address, length: 1 }), -EBADF)
    assert.equal(ring.native.close(100), 0)
  })

  test('refuses slots it does not have', () => {
    const ring = restrictedRing()
    assert.equal(ring.native.registerFile(99, 0), -EINVAL)
    assert.equal(ring.native.registerBuffer(99, arena(4096)), -EINVAL)
    assert.equal(ring.native.registerFile(0, 99_999), -EBADF)
    assert.ok(ring.native.registerBuffer(0, arena(4096).subarray(0, 0)) <= 0)
    ring.native.close(0)
  })
})

describe('close', modern, () => {
  test('cancels what is in flight and waits for it', () => {
    const ring = new TestRing()
    const memory = arena(4096)
    for (let posted = 0; posted < 20; posted++) ring.postEndless(memory)
    assert.deepEqual(ring.submit(20, 0), [])
    const begun = performance.now()
    assert.equal(ring.native.close(1000), 0)
    assert.ok(performance.now() - begun < 500)
  })

  test('says how much it could not wait for, and says it again', () => {
    // Nothing can be cancelled in a ring whose restrictions forbid it.
    const ring = restrictedRing(['IORING_RESTRICTION_SQE_OP', 'IORING_OP_READ'])
    assert.equal(ring.native.registerFile(0, binding.doorbell()), 0)
    ring.postEndless(arena(4096), 0, kernel('IOSQE_FIXED_FILE'))
    ring.submit(1, 0)
    const begun = performance.now()
    assert.equal(ring.native.close(50), 1)
    const waited = performance.now() - begun
    assert.ok(waited >= 45 && waited < 2000, `waited ${waited} ms`)
    assert.equal(ring.native.close(1000), 1)
  })

  test('also reaps a chain of linked and drained requests', () => {
    const ring = new TestRing()
    const memory = arena(4096)
    const address = binding.addressOf(memory)
    const read = { opcode: kernel('IORING_OP_READ'), fd: binding.doorbell(), address, length: 8 }
    ring.post({ ...read, flags: kernel('IOSQE_IO_LINK') })
    ring.post({ opcode: kernel('IORING_OP_NOP') })
    ring.post({ ...read, flags: kernel('IOSQE_IO_DRAIN') })
    ring.post({ ...read, flags: kernel('IOSQE_ASYNC') })
    ring.submit(4, 0)
    assert.equal(ring.native.close(1000), 0)
  })

  test('leaves a ring that answers EBADF and views without length', () => {
    const ring = new TestRing()
    assert.ok(ring.words.length > 0)
    assert.equal(ring.native.close(0), 0)
    assert.equal(ring.words.length, 0)
    assert.equal(ring.words[0], undefined)
    assert.equal(ring.native.enter(0, 0, 0, -1), -EBADF)
    assert.equal(ring.native.map(0, 4096), -EBADF)
    assert.equal(ring.native.register(kernel('IORING_REGISTER_ENABLE_RINGS'), null, 0), -EBADF)
    assert.equal(ring.native.registerBuffer(0, null), -EBADF)
    assert.equal(ring.native.registerFile(0, -1), -EBADF)
    assert.equal(ring.native.registerRingFd(), -EBADF)
    assert.equal(ring.native.close(0), 0)
  })

  test('frees the ring itself, also one that was registered with its thread', () => {
    // A thread has 16 slots for registered rings.
    for (let count = 0; count < 40; count++) {
      const ring = restrictedRing()
      assert.equal(ring.native.close(0), 0)
    }
  })

  test('leaves nothing behind, a thousand times, whatever the garbage collector does', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const before = openFiles()
    for (let count = 0; count < 1000; count++) {
      const ring = new TestRing(MODERN, 8)
      ring.post({ opcode: kernel('IORING_OP_NOP') })
      ring.submit(1)
      assert.equal(ring.native.close(0), 0)
      if (count % 50 === 0) collect()
    }
    collect()
    assert.equal(openFiles(), before)
  })
})

test('the memory of an open ring outlives views that were dropped', modern, () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const params = new Uint32Array(30)
  const ring = binding.openRing(8, params)
  assert.ok(typeof ring !== 'number')
  ring.map(kernel('IORING_OFF_SQES'), 512)
  ring.map(kernel('IORING_OFF_SQ_RING'), 64)
  for (let count = 0; count < 5; count++) collect()
  assert.equal(ring.enter(0, 0, 0, -1), 0)
  assert.equal(ring.close(10), 0)
})
