// Numbers of any size take a few characters, and are rounded, not cut.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countText, durationText, timeText } from '#dist/top/numbers.js'

test('counts', () => {
  for (const [value, text] of [
    [0, '0'],
    [0.004, '0.00'],
    [7, '7'],
    [9.994, '9.99'],
    [9.996, '10.0'],
    [64, '64'],
    [99.96, '100'],
    [999.4, '999'],
    [999.6, '1000'],
    [9999, '9999'],
    [9999.6, '10.0k'],
    [12_000, '12k'],
    [999_499, '999k'],
    [999_600, '1.00M'],
    [1_234_567, '1.23M'],
    [5e18, '>999P'],
  ] as const) {
    assert.equal(countText(value), text)
  }
})

test('times', () => {
  for (const [micros, text] of [
    [null, '-'],
    [0.5, '0.50us'],
    [12.34, '12.3us'],
    [999.6, '1.00ms'],
    [1500, '1.50ms'],
    [250_000, '250ms'],
    [134e6, '2.23min'],
    [7200e6, '2h'],
    [1e15, '>999h'],
  ] as const) {
    assert.equal(timeText(micros), text)
  }
})

test('how long something has run', () => {
  assert.equal(durationText(0), '00:00:00')
  assert.equal(durationText(59.99e6), '00:00:59')
  assert.equal(durationText(86_399e6), '23:59:59')
  assert.equal(durationText((3 * 86_400 + 3661) * 1e6), '3d 01:01:01')
})

test('whatever the number is, the text is short and has no sign and no exponent', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e21, noNaN: true }), (value) => {
      assert.match(countText(value), /^>?[0-9]+(\.[0-9]+)?[kMGTP]?$/)
      assert.ok(countText(value).length <= 5)
      assert.ok(timeText(value).length <= 7)
    }),
  )
})
