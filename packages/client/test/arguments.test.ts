// Arguments: what is accepted, how positions become two words, and what is refused.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as parsing from '#dist/file/arguments.js'

const { advancedPosition, byteOffset, bytesOf, fileMode, integer, parsePosition, positionValue } =
  parsing

function parsed(): bigint {
  return (BigInt(parsing.positionHigh) << 32n) | BigInt(parsing.positionLow >>> 0)
}

describe('a position', () => {
  test('becomes two words, whatever it is', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (position) => {
        parsePosition(position)
        assert.equal(parsed(), BigInt(position))
        parsePosition(BigInt(position))
        assert.equal(parsed(), BigInt(position))
      }),
    )
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 63n - 1n), (position) => {
        parsePosition(position)
        assert.equal(parsed(), position)
      }),
    )
  })

  test('has its edges', () => {
    for (const edge of [0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      parsePosition(edge)
      assert.equal(parsed(), BigInt(edge))
    }
    for (const own of [null, undefined, -1, -1n]) {
      parsePosition(own)
      assert.equal(parsed(), -1n)
      assert.equal(positionValue(own), null)
    }
    assert.equal(positionValue(5n), 5n)
    assert.equal(positionValue(0), 0)
    parsePosition(-0)
    assert.equal(parsed(), 0n)
  })

  test('goes on by as many bytes as are given', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(2 ** 31 - 1), (position, delta) => {
        advancedPosition(position, delta)
        assert.equal(parsed(), BigInt(position) + BigInt(delta))
        advancedPosition(BigInt(position), delta)
        assert.equal(parsed(), BigInt(position) + BigInt(delta))
        advancedPosition(null, delta)
        assert.equal(parsed(), -1n)
      }),
    )
  })

  test('is refused with its name and range', () => {
    for (const wrong of [-2, 0.1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2n ** 63n, -2n]) {
      assert.throws(() => parsePosition(wrong), { code: 'ERR_OUT_OF_RANGE', message: /"position"/ })
    }
    for (const wrong of ['0', true, {}, [], () => {}, Symbol('position')]) {
      assert.throws(() => parsePosition(wrong), { code: 'ERR_INVALID_ARG_TYPE' })
    }
  })
})

describe('the bytes of a view', () => {
  test('are the same memory, whatever the view is', () => {
    fc.assert(
      fc.property(fc.nat(64), fc.nat(64), fc.nat(64), (before, offset, length) => {
        const memory = new ArrayBuffer(256)
        const view = new DataView(memory, before, 128)
        const bytes = bytesOf(view, offset, length)
        assert.equal(bytes.buffer, memory)
        assert.equal(bytes.byteOffset, before + offset)
        assert.equal(bytes.length, length)
      }),
    )
    const whole = new Uint8Array(10)
    assert.equal(bytesOf(whole, undefined, undefined), whole)
    assert.equal(bytesOf(whole, null, null), whole)
    assert.equal(bytesOf(new Float64Array(3), 8, undefined).length, 16)
  })

  test('never reach beyond the view', () => {
    const view = new Uint8Array(new ArrayBuffer(100), 10, 20)
    for (const [offset, length] of [
      [21, undefined],
      [0, 21],
      [20, 1],
      [1, 20],
      [-1, 1],
      [0, -1],
      [0.5, 1],
      [0, 2 ** 32],
    ] as const) {
      assert.throws(() => bytesOf(view, offset, length), { code: 'ERR_OUT_OF_RANGE' })
    }
    assert.equal(bytesOf(view, 20, 0).length, 0)
  })
})

describe('numbers', () => {
  test('are integers within their range', () => {
    assert.equal(integer(5, 'n', 5, 5), 5)
    for (const wrong of [4, 6, 5.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      assert.throws(() => integer(wrong, 'n', 5, 5), { code: 'ERR_OUT_OF_RANGE', message: /"n"/ })
    }
    for (const wrong of ['5', 5n, null, undefined, [5], new Number(5)]) {
      assert.throws(() => integer(wrong, 'n'), { code: 'ERR_INVALID_ARG_TYPE' })
    }
  })

  test('of bytes may be bigints', () => {
    assert.equal(byteOffset(2n ** 63n - 1n, 'n'), 2n ** 63n - 1n)
    assert.equal(byteOffset(2 ** 53 - 1, 'n'), 2 ** 53 - 1)
    for (const wrong of [2n ** 63n, -1n, -1, 2 ** 53, 0.5]) {
      assert.throws(() => byteOffset(wrong, 'n'), { code: 'ERR_OUT_OF_RANGE' })
    }
  })

  test('of modes may be octal', () => {
    assert.equal(fileMode('755', 'mode', 0), 0o755)
    assert.equal(fileMode(undefined, 'mode', 0o666), 0o666)
    assert.equal(fileMode(null, 'mode', 0o666), 0o666)
    assert.equal(fileMode(0, 'mode', 0o666), 0)
    for (const wrong of ['8', '0o7', '-1', ' 7', '']) {
      assert.throws(() => fileMode(wrong, 'mode', 0), { code: 'ERR_INVALID_ARG_VALUE' })
    }
    for (const missing of [null, undefined]) {
      assert.throws(() => fileMode(missing, 'mode'), { code: 'ERR_INVALID_ARG_TYPE' })
    }
  })
})
