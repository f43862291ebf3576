// Which writes the actor leaves to the ring: those that are not short, or do not go to the page cache alone,
// and all that may wait for something, for its clients would wait with it.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { beforeEach, describe, mock, test } from 'node:test'
import {
  nowMicros,
  OPERATION_ALLOCATE,
  OPERATION_READ,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import { DirtyPages } from '#dist/engine/dirty-pages.js'
import { RunDelay } from '#dist/engine/run-delay.js'
import * as rows from '#dist/operations/operation-table.js'
import { FIRST, LONGEST, SECOND, Setting, slowWrites } from './cached-writes-setting.ts'

const PLENTY = Number.POSITIVE_INFINITY

beforeEach(() => mock.restoreAll())

describe('the ring has', () => {
  test('what is no short write', () => {
    const setting = new Setting()
    const refused = [
      setting.row(OPERATION_READ, FIRST, 0, 10),
      setting.row(OPERATION_SYNC_RANGE, FIRST, 0, 10),
      setting.row(OPERATION_WRITE, FIRST, 0, LONGEST + 1),
      setting.row(OPERATION_WRITE, FIRST, Number.MAX_SAFE_INTEGER + 1, 10),
    ]
    const sync = setting.row(OPERATION_WRITE, FIRST, 0, 10)
    setting.table.words[sync * rows.ROW_WORDS + rows.ROW_PHASE] = rows.PHASE_SYNC
    for (const row of [...refused, sync]) assert.equal(setting.writes.take(row), false)
    setting.close()
  })

  test('what does not go to the page cache alone', () => {
    const { O_RDWR, O_SYNC, O_DSYNC, O_DIRECT, O_WRONLY } = fs.constants
    const setting = new Setting()
    const taken = (flags: number, byWorker = true): boolean => {
      fs.closeSync(setting.files[FIRST]!.fd)
      setting.open(FIRST, flags, byWorker)
      return setting.takes(FIRST)
    }
    assert.deepEqual(
      [O_RDWR, O_WRONLY].map((flags) => taken(flags)),
      [true, true],
    )
    for (const flags of [O_SYNC, O_DSYNC, O_DIRECT]) assert.equal(taken(O_RDWR | flags), false)
    assert.equal(taken(O_RDWR, false), false)
    setting.writes.fileClosed(SECOND)
    assert.equal(setting.takes(SECOND), false)
    setting.close()
  })

  test('writes to a file while a worker has its lock for long, and shortly after', () => {
    const setting = new Setting()
    const [kinds, lengths] = [
      [OPERATION_TRIM, OPERATION_ALLOCATE, OPERATION_TRUNCATE],
      [4096, LONGEST],
    ]
    const keeps = kinds.map((kind) => setting.row(kind, FIRST, 0, 4096))
    for (const row of [...keeps, setting.row(OPERATION_WRITE, FIRST, 0, LONGEST + 1)]) {
      const at = row * rows.ROW_WORDS
      setting.writes.locks.entered(at)
      assert.equal(setting.takes(FIRST), false)
      assert.equal(setting.takes(SECOND), true)
      setting.writes.locks.left(at)
      const left = nowMicros()
      while (!setting.takes(FIRST));
      assert.ok(nowMicros() - left > 900, `${nowMicros() - left} us`)
    }
    const short = lengths.map((length) => setting.row(OPERATION_WRITE, FIRST, 0, length))
    for (const row of [...short, setting.row(OPERATION_READ, FIRST, 0, 4096)]) {
      setting.writes.locks.entered(row * rows.ROW_WORDS)
      assert.equal(setting.takes(FIRST), true, 'it is soon done, or takes no lock')
    }
    setting.close()
  })

  test('those to a file whose lock is taken for another of its descriptors, and taken since', () => {
    const setting = new Setting()
    const trim = setting.row(OPERATION_TRIM, SECOND, 0, 4096) * rows.ROW_WORDS
    for (const slot of [FIRST, SECOND]) {
      setting.writes.fileClosed(slot)
      setting.files[slot]!.inode = '1:1'
      setting.writes.fileOpened(setting.files[slot]!)
    }
    assert.ok(setting.takes(FIRST))
    setting.writes.locks.entered(trim)
    assert.equal(setting.takes(FIRST), false)
    setting.submitAll()
    assert.deepEqual([setting.delivered.length, setting.inRing.length], [0, 1])
    setting.writes.locks.left(trim)
    // The descriptor that it was taken for is gone; the file is not.
    setting.writes.fileClosed(SECOND)
    while (!setting.takes(FIRST));
    setting.close()
  })

  test('all of them for twenty times as long as one has waited', () => {
    const setting = new Setting()
    let micros = 5000
    slowWrites(() => micros)
    for (let count = 0; count < 6; count++) assert.ok(setting.takes(count < 4 ? FIRST : SECOND))
    setting.submitAll()
    // Up to 16 KiB share a reading of the clock.
    assert.equal(setting.delivered.length, 4)
    assert.equal(setting.inRing.length, 2, 'what was to come after it')
    const stalled = nowMicros()
    assert.equal(setting.takes(FIRST), false)
    assert.equal(setting.takes(SECOND), false)
    micros = 0
    while (!setting.takes(SECOND));
    const rested = nowMicros() - stalled
    assert.ok(rested > 0.9 * 20 * 4 * 5000, `${rested} us`)
    assert.ok(rested < 5e6, `${rested} us`)
    setting.close()
  })

  test('none because this thread had to wait for a processor', () => {
    const setting = new Setting()
    slowWrites(() => {
      // As long as it takes, and where other tests run too that may be more than is meant here.
      setting.delayed += 1e6
      return 5000
    })
    assert.ok(setting.takes(FIRST))
    setting.submit()
    assert.equal(setting.takes(SECOND), true)
    setting.close()
  })

  test('those to a file whose writes take long, for a while', () => {
    const setting = new Setting()
    setting.patient = true
    let micros = 100
    const writes = slowWrites(() => micros)
    let made = 0
    let last = 0
    while (setting.takes(FIRST)) {
      last = nowMicros()
      setting.submit()
      made++
    }
    assert.equal(writes.mock.callCount(), made)
    assert.ok(made >= 2 && made < 20, `${made} of them`)
    micros = 0
    assert.equal(setting.takes(SECOND), true)
    while (!setting.takes(FIRST));
    const rested = nowMicros() - last
    assert.ok(rested > 10_000 && rested < 5e6, `${rested} us`)
    setting.submit()
    assert.equal(setting.takes(FIRST), true)
    setting.close()
  })

  test('no more of them than it has room for', () => {
    const setting = new Setting()
    setting.ringHasRoom = false
    slowWrites(() => 2000)
    for (let count = 0; count < 6; count++) assert.ok(setting.takes(FIRST))
    setting.submitAll()
    assert.equal(setting.delivered.length, 6)
    assert.deepEqual(setting.inRing, [])
    setting.close()
  })

  test('all when the kernel is about to have writers wait', () => {
    const setting = new Setting()
    setting.room = 2 ** 20
    assert.equal(setting.takes(FIRST), false)
    assert.equal(setting.roomAsked, 1)
    setting.room = PLENTY
    assert.equal(setting.takes(FIRST), false, 'it is not asked again at once')
    assert.equal(setting.roomAsked, 1)
    const full = nowMicros()
    while (!setting.takes(FIRST));
    assert.ok(nowMicros() - full > 25_000, `${nowMicros() - full} us`)
    assert.equal(setting.roomAsked, 2)
    // Nothing is written; a slow system may take long for that all the same, and then has to rest.
    setting.patient = true
    mock.method(fs, 'writeSync', (...given: number[]) => given[3])
    setting.submit()
    const ends = nowMicros() + 30e6
    for (let bytes = 0; bytes < 2 ** 25 && nowMicros() < ends; ) {
      if (setting.takes(FIRST, 0, LONGEST)) bytes += LONGEST
      setting.submit()
    }
    assert.ok(setting.roomAsked >= 3 && setting.roomAsked <= 5, `${setting.roomAsked} times`)
    setting.close()
  })
})

describe('what the kernel tells', () => {
  const saying = (text: string): never => ({ read: () => text, close: () => {} }) as never

  test('is how many bytes may become dirty before it has writers wait', () => {
    const text =
      'nr_free_pages 9\nnr_dirty 100\nnr_writeback 20\nnr_writeback_temp 7\n' +
      'nr_dirty_threshold 1000\nnr_dirty_background_threshold 500\n'
    assert.equal(new DirtyPages(saying(text)).room(), (750 - 120) * 4096)
    assert.equal(new DirtyPages(saying('')).room(), PLENTY)
    const dirty = new DirtyPages()
    assert.ok(Number.isFinite(dirty.room()), 'this system tells')
    dirty.close()
  })

  test('is how long this thread has waited for a processor', () => {
    assert.equal(new RunDelay(saying('5000000 7000 3\n')).micros(), 7)
    assert.equal(new RunDelay(saying('')).micros(), 0)
    const delay = new RunDelay()
    const first = delay.micros()
    assert.ok(first >= 0 && delay.micros() >= first)
    delay.close()
  })
})
