// Which writes the actor makes itself: those that only go to the page cache, as long as they do not wait for
// anything, for all clients would wait with them.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import {
  FILE_KIND_REGULAR,
  nowMicros,
  OPERATION_ALLOCATE,
  OPERATION_READ,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import { CachedWrites } from '#dist/engine/cached-writes.js'
import { DirtyPages } from '#dist/engine/dirty-pages.js'
import { RunDelay } from '#dist/engine/run-delay.js'
import { OpenFile } from '#dist/files/file-table.js'
import * as rows from '#dist/operations/operation-table.js'

const ENOSPC = -28
const ARENA_BYTES = 1 << 20
const CAPACITY = 64
const LONGEST = 32_768
const PLENTY = Number.POSITIVE_INFINITY
const [FIRST, SECOND] = [1, 2]

let directory: string
before(() => {
  directory = fs.mkdtempSync(path.join(tmpdir(), 'uring-actor-cached-writes-'))
})
after(() => fs.rmSync(directory, { recursive: true }))
beforeEach(() => mock.restoreAll())

/** Two open files, an arena of random bytes, and the results that were delivered. */
class Setting {
  readonly table = new rows.OperationTable(CAPACITY)
  readonly arena = new Uint8Array(ARENA_BYTES).map(() => Math.random() * 256)
  readonly files: OpenFile[] = []
  readonly writes: CachedWrites
  /** Results, in the order of their delivery. */
  readonly delivered: number[] = []
  readonly inRing: number[] = []
  /** What may still be dirty, and how long this thread has waited for a processor. */
  room = PLENTY
  roomAsked = 0
  delayed = 0
  /** All that a write takes is waiting for a processor, as it may be where many tests run. */
  patient = false
  ringHasRoom = true

  constructor() {
    const dirty = {
      room: () => {
        this.roomAsked++
        return this.room
      },
      close: () => {},
    }
    const micros = (): number => {
      if (this.patient) this.delayed += 1e9
      return this.delayed
    }
    const delay = { micros, close: () => {} }
    this.writes = new CachedWrites(this.table.words, [this.arena], 4, dirty, delay)
    for (const slot of [FIRST, SECOND]) this.open(slot, fs.constants.O_RDWR)
  }

  open(slot: number, flags: number, byWorker = true): void {
    const name = path.join(directory, `${slot}`)
    const fd = fs.openSync(name, flags | fs.constants.O_CREAT | fs.constants.O_TRUNC)
    const file = new OpenFile(slot, 1, fd, 0, flags, FILE_KIND_REGULAR, 4096, 4096)
    file.inode = `${slot}`
    file.writesByWorker = byWorker && file.cachesWrites
    this.files[slot] = file
    this.writes.fileOpened(file)
  }

  content(slot: number): Buffer {
    return fs.readFileSync(path.join(directory, `${slot}`))
  }

  row(kind: number, slot: number, position: number, length: number): number {
    const row = this.table.claim()
    const at = row * rows.ROW_WORDS
    this.table.words.fill(0, at, at + rows.ROW_WORDS)
    this.table.words[at + rows.ROW_KIND] = kind
    this.table.words[at + rows.ROW_FILE] = slot
    this.table.words[at + rows.ROW_OFF_LOW] = position | 0
    this.table.words[at + rows.ROW_OFF_HIGH] = Math.floor(position / 4294967296)
    this.table.words[at + rows.ROW_ADDR_LOW] = position % ARENA_BYTES
    this.table.words[at + rows.ROW_LEN] = length
    return row
  }

  /** A write of a block, and whether it is made here. */
  takes(slot: number, position = 0, length = 4096): boolean {
    const row = this.row(OPERATION_WRITE, slot, position, length)
    const taken = this.writes.take(row)
    if (!taken) this.table.free(row)
    return taken
  }

  submit(): number {
    this.writes.make((row) => {
      if (this.ringHasRoom) this.inRing.push(row)
      return this.ringHasRoom
    })
    return this.writes.deliver(this)
  }

  /** Until none waits: there may not be time for all of them at once. */
  submitAll(): void {
    while (this.writes.waiting > 0) this.submit()
  }

  completed(row: number, res: number): void {
    this.table.free(row)
    this.delivered.push(res)
  }

  close(): void {
    for (const slot of [FIRST, SECOND]) fs.closeSync(this.files[slot]!.fd)
    this.writes.close()
  }
}

/** The thread does nothing else meanwhile, as in a system call that waits. */
function wait(micros: number): void {
  const ends = nowMicros() + micros
  while (nowMicros() < ends);
}

/** Has each write take so long, in microseconds; tells how many there were. */
function slowWrites(micros: () => number): { mock: { callCount(): number } } {
  const real = fs.writeSync
  return mock.method(fs, 'writeSync', (...given: unknown[]) => {
    wait(micros())
    return (real as (...given: unknown[]) => number)(...given)
  }) as unknown as { mock: { callCount(): number } }
}

describe('a write to the page cache', () => {
  test('is made at once, at its place, and counted', () => {
    const setting = new Setting()
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

test('writes leave the others their turn', () => {
  const setting = new Setting()
  setting.patient = true
  const writes = slowWrites(() => 60)
  for (let count = 0; count < 16; count++) assert.ok(setting.takes(FIRST))
  setting.submit()
  // A group of four takes longer than all may.
  assert.equal(writes.mock.callCount(), 4)
  assert.equal(setting.writes.waiting, 12)
  setting.submitAll()
  assert.equal(setting.delivered.length + setting.inRing.length, 16)
  setting.close()
})

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
      setting.delayed += 5000
      return 5000
    })
    assert.ok(setting.takes(FIRST))
    setting.submit()
    assert.equal(setting.takes(SECOND), true)
    setting.close()
  })

  test('those to a file whose writes take long, for a while', () => {
    const setting = new Setting()
    let micros = 100
    const writes = slowWrites(() => micros)
    let made = 0
    while (setting.takes(FIRST)) {
      setting.submit()
      made++
    }
    assert.equal(writes.mock.callCount(), made)
    assert.ok(made >= 2 && made < 20, `${made} of them`)
    micros = 0
    assert.equal(setting.takes(SECOND), true)
    const slow = nowMicros()
    while (!setting.takes(FIRST));
    const rested = nowMicros() - slow
    assert.ok(rested > 5000 && rested < 5e6, `${rested} us`)
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
