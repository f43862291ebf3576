// What is not an argument is a TypeError: never a crash, never a system call.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NativeRing } from '#dist/index.js'
import { arena, binding, TestRing, whyNoRing } from './support/ring.ts'

type Calls = Record<string, (...values: unknown[]) => unknown>
const calls = binding as unknown as Calls

const WRONG: unknown[] = [
  undefined,
  null,
  true,
  'text',
  Symbol('symbol'),
  1n,
  2n ** 64n,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1.5,
  2 ** 40,
  {},
  [],
  () => {},
  new Date(),
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  new Proxy(new Uint8Array(8), {}),
  new Uint16Array(1),
  new BigUint64Array(0),
]

const throwsTypeError = (call: () => unknown, what: string) =>
  assert.throws(call, TypeError, `no TypeError from ${what}`)

describe('a wrong argument', () => {
  test('of the binding throws a TypeError', () => {
    for (const wrong of WRONG) {
      throwsTypeError(() => calls.openRing!(8, wrong), 'openRing')
      throwsTypeError(() => calls.openRing!(wrong, new Uint32Array(30)), 'openRing')
      throwsTypeError(() => calls.addressOf!(wrong), 'addressOf')
      throwsTypeError(() => calls.dontFork!(wrong), 'dontFork')
      throwsTypeError(() => calls.dropPages!(wrong), 'dropPages')
      throwsTypeError(() => calls.storeOnExit!(wrong, 0, 0), 'storeOnExit')
      throwsTypeError(() => calls.directAlignment!(0, wrong), 'directAlignment')
      throwsTypeError(() => calls.directAlignment!(wrong, new Uint32Array(2)), 'directAlignment')
      throwsTypeError(() => calls.mountId!(wrong), 'mountId')
      throwsTypeError(() => calls.blockDevice!(0, wrong), 'blockDevice')
      throwsTypeError(() => calls.blockDevice!(wrong, new Float64Array(2)), 'blockDevice')
      throwsTypeError(() => calls.fileCall!(wrong, 0, 0, 0n, 0n, () => {}), 'fileCall')
      throwsTypeError(() => calls.fileCall!(0, wrong, 0, 0n, 0n, () => {}), 'fileCall')
      throwsTypeError(() => calls.fileCall!(0, 0, wrong, 0n, 0n, () => {}), 'fileCall')
      if (typeof wrong !== 'function') {
        throwsTypeError(() => calls.createWaker!(wrong), 'createWaker')
        throwsTypeError(() => calls.fileCall!(0, 0, 0, 0n, 0n, wrong), 'fileCall')
      }
      if (wrong !== 1n) {
        throwsTypeError(() => calls.fileCall!(0, 0, 0, wrong, 0n, () => {}), 'fileCall')
        throwsTypeError(() => calls.fileCall!(0, 0, 0, 0n, wrong, () => {}), 'fileCall')
      }
    }
  })

  test('that is missing or out of range throws too', () => {
    for (const name of ['openRing', 'addressOf', 'createWaker', 'storeOnExit', 'fileCall']) {
      throwsTypeError(() => calls[name]!(), name)
    }
    throwsTypeError(() => binding.fileCall(5, 0, 0, 0n, 0n, () => {}), 'fileCall')
    throwsTypeError(() => binding.openRing(8, new Uint32Array(29)), 'openRing')
    throwsTypeError(() => binding.directAlignment(0, new Uint32Array(1)), 'directAlignment')
    throwsTypeError(() => binding.blockDevice(0, new Float64Array(1)), 'blockDevice')
    const words = new Int32Array(new SharedArrayBuffer(8))
    assert.throws(() => binding.storeOnExit(words, 2, 0), RangeError)
    throwsTypeError(() => binding.storeOnExit(words, -1, 0), 'storeOnExit')
  })

  test('is memory that can be detached, where it must stay', () => {
    const unshared = new Uint8Array(4096)
    throwsTypeError(() => binding.addressOf(unshared as Uint8Array<never>), 'addressOf')
    throwsTypeError(() => binding.dontFork(unshared as Uint8Array<never>), 'dontFork')
    throwsTypeError(() => calls.storeOnExit!(new Int32Array(4), 0, 0), 'storeOnExit')
  })

  test('of a ring throws a TypeError', { skip: whyNoRing() }, () => {
    const ring = new TestRing()
    const native = ring.native as unknown as Record<keyof NativeRing, Calls[string]>
    for (const wrong of WRONG) {
      throwsTypeError(() => native.map(wrong, 4096), 'map')
      throwsTypeError(() => native.map(0, wrong), 'map')
      throwsTypeError(() => native.register(wrong, null, 0), 'register')
      throwsTypeError(() => native.register(12, null, wrong), 'register')
      throwsTypeError(() => native.registerFile(wrong, 0), 'registerFile')
      throwsTypeError(() => native.registerFile(0, wrong), 'registerFile')
      throwsTypeError(() => native.registerBuffer(wrong, arena(4096)), 'registerBuffer')
      throwsTypeError(() => native.close(wrong), 'close')
      if (wrong !== null) {
        throwsTypeError(() => native.registerBuffer(0, wrong), 'registerBuffer')
        if (!ArrayBuffer.isView(wrong)) {
          throwsTypeError(() => native.register(12, wrong, 0), 'register')
        }
      }
      if (typeof wrong !== 'number') {
        throwsTypeError(() => native.enter(wrong, 0, 0, -1), 'enter')
        throwsTypeError(() => native.enter(0, wrong, 0, -1), 'enter')
        throwsTypeError(() => native.enter(0, 0, wrong, -1), 'enter')
        throwsTypeError(() => native.enter(0, 0, 0, wrong), 'enter')
      }
    }
    throwsTypeError(() => native.registerBuffer(0, new Uint8Array(8)), 'registerBuffer')
    assert.equal(ring.native.close(0), 0)
  })
})

test('the kernel is described', () => {
  const { layout } = binding
  assert.ok(Object.isFrozen(layout))
  assert.equal(layout.io_uring_sqe, 64)
  assert.equal(layout.io_uring_cqe, 16)
  assert.equal(layout.io_uring_params, 120)
  assert.equal(layout['io_uring_params.cq_off.flags'], 104)
  assert.equal(layout.IORING_OFF_SQES, 0x10000000)
  for (const [name, value] of Object.entries(layout)) assert.ok(value >= 0, name)
})
