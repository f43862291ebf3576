// Writes that only go to the page cache, made by the actor itself: each once, at its place, with the result
// that the kernel gives; and the others have their turn.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { beforeEach, describe, mock, test } from 'node:test'
import { OPERATION_WRITE } from '@uring-actor/client/protocol'
import * as rows from '#dist/operations/operation-table.js'
import {
  ARENA_BYTES,
  FIRST,
  LONGEST,
  SECOND,
  Setting,
  slowWrites,
} from './cached-writes-setting.ts'

const ENOSPC = -28

beforeEach(() => mock.restoreAll())

describe('a write to the page cache', () => {
  test('is made at once, at its place, and counted', () => {
    const setting = new Setting()
    setting.patient = true
    assert.ok(setting.takes(FIRST, 0, 100))
    assert.ok(setting.takes(FIRST, 8192, LONGEST))
    assert.ok(setting.takes(SECOND, 5, 1))
    assert.equal(setting.writes.waiting, 3)
    setting.submitAll()
    assert.deepEqual(setting.delivered, [100, LONGEST, 1])
    assert.equal(setting.writes.waiting, 0)
    assert.equal(setting.writes.made, 3)
    const content = setting.content(FIRST)
    assert.equal(content.length, 8192 + LONGEST)
    assert.deepEqual(content.subarray(0, 100), Buffer.from(setting.arena.subarray(0, 100)))
    const later = setting.arena.subarray(8192, 8192 + LONGEST)
    assert.deepEqual(content.subarray(8192), Buffer.from(later))
    assert.equal(setting.content(SECOND)[5], setting.arena[5])
    setting.close()
  })

  test('goes on where it was short', () => {
    const setting = new Setting()
    const row = setting.row(OPERATION_WRITE, FIRST, 4096, 1000)
    setting.table.words[row * rows.ROW_WORDS + rows.ROW_DONE] = 600
    assert.ok(setting.writes.take(row))
    setting.submit()
    assert.deepEqual(setting.delivered, [400])
    const rest = setting.arena.subarray(4096 + 600, 4096 + 1000)
    assert.deepEqual(setting.content(FIRST).subarray(4096 + 600), Buffer.from(rest))
    setting.close()
  })

  test('has the error of the kernel for its result', () => {
    const setting = new Setting()
    mock.method(fs, 'writeSync', () => {
      throw Object.assign(new Error(), { code: 'ENOSPC', errno: ENOSPC })
    })
    assert.ok(setting.takes(FIRST))
    setting.submit()
    assert.deepEqual(setting.delivered, [ENOSPC])
    setting.close()
  })

  test('beyond the arena is refused, as the ring would', () => {
    const setting = new Setting()
    const row = setting.row(OPERATION_WRITE, FIRST, 0, 4096)
    setting.table.words[row * rows.ROW_WORDS + rows.ROW_ADDR_LOW] = ARENA_BYTES - 4095
    assert.ok(setting.writes.take(row))
    setting.submit()
    assert.ok(setting.delivered[0]! < 0, `${setting.delivered}`)
    assert.equal(setting.content(FIRST).length, 0)
    setting.close()
  })

  test('that another one leads to is for the next submission, or for one amid its delivery', () => {
    const setting = new Setting()
    setting.patient = true
    mock.method(fs, 'writeSync', (...given: number[]) => given[3])
    const completed = setting.completed.bind(setting)
    let again = 3
    setting.completed = (row, res) => {
      completed(row, res)
      if (again-- > 0) assert.ok(setting.takes(FIRST))
    }
    assert.ok(setting.takes(FIRST))
    assert.deepEqual([setting.submit(), setting.submit(), setting.submit()], [1, 1, 1])
    assert.deepEqual([setting.submit(), setting.submit()], [1, 0])
    const counts: number[] = []
    let deep = 3
    setting.completed = (row, res) => {
      completed(row, res)
      if (deep-- <= 0) return
      assert.ok(setting.takes(FIRST) && setting.takes(SECOND))
      counts.push(setting.submit())
    }
    assert.ok(setting.takes(FIRST) && setting.takes(FIRST))
    counts.push(setting.submit())
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      8,
    )
    assert.equal(setting.delivered.length, 4 + 8)
    setting.close()
  })
})

for (const length of [1, 512, 4096]) {
  test(`writes of ${length} bytes leave the others their turn`, () => {
    const setting = new Setting()
    setting.patient = true
    const writes = slowWrites(() => 60)
    for (let count = 0; count < 16; count++) assert.ok(setting.takes(FIRST, 0, length))
    setting.submit()
    // A group of four takes longer than all may.
    assert.equal(writes.mock.callCount(), 4)
    assert.equal(setting.writes.waiting, 12)
    assert.equal(setting.left, 12)
    setting.submitAll()
    assert.equal(setting.delivered.length + setting.inRing.length, 16)
    assert.ok(setting.left <= setting.inRing.length)
    setting.close()
  })
}
