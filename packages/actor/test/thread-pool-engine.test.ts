// The engine of node's thread pool, by itself: every row has one result, links are the ring's, and what
// no thread has begun can be taken back.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  FILE_KIND_OTHER,
  FILE_KIND_REGULAR,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_TRIM,
  OPERATION_WRITE,
  TRIM_ZEROES,
} from '@uring-actor/client/protocol'
import fc from 'fast-check'
import { FIRST_FILE_SLOT } from '#dist/engine/engine.js'
import { RowLinks, RowQueue } from '#dist/engine/row-queue.js'
import { REQUESTS_PER_THREAD, ThreadPoolEngine } from '#dist/engine/thread-pool-engine.js'
import { OpenFile } from '#dist/files/file-table.js'
import { PlainHost } from '#dist/host/plain-host.js'
import * as rows from '#dist/operations/operation-table.js'

const ECANCELED = -125
const EBADF = -9
const ARENA_BYTES = 1 << 20
const CAPACITY = 128

let directory: string
before(() => {
  directory = fs.mkdtempSync(path.join(tmpdir(), 'uring-actor-engine-'))
})
after(() => fs.rmSync(directory, { recursive: true }))

/** An engine with one arena and one open file, and the results that it has delivered. */
class Setting {
  readonly arena: Uint8Array
  readonly engine: ThreadPoolEngine
  readonly file: OpenFile
  readonly results = new Map<number, number>()

  constructor(kind: number, at: string, flags: number) {
    const host = new PlainHost({ kind: 'addon', code: '', message: '' })
    const options = { queueDepth: CAPACITY, maxClients: 1, maxFiles: 4, poolThreads: 4 }
    this.engine = new ThreadPoolEngine(host, options, () => {})
    const memory = new SharedArrayBuffer(ARENA_BYTES, { maxByteLength: ARENA_BYTES })
    this.arena = new Uint8Array(memory, 0, ARENA_BYTES)
    this.engine.attachArena(0, memory)
    this.file = new OpenFile(FIRST_FILE_SLOT, 1, fs.openSync(at, flags), 0, flags, kind, 4096, 4096)
    this.file.stream = kind === FILE_KIND_OTHER
    assert.equal(this.engine.registerFile(this.file), 0)
  }

  /** A row of this kind; for transfers `length` bytes at `position`, at the same place of the arena. */
  row(kind: number, position: number = 0, length: number = 0): number {
    const { table } = this.engine
    const row = table.claim()
    const at = row * rows.ROW_WORDS
    table.words.fill(0, at, at + rows.ROW_WORDS)
    table.words[at + rows.ROW_KIND] = kind
    table.words[at + rows.ROW_FILE] = FIRST_FILE_SLOT
    table.words[at + rows.ROW_OFF_LOW] = position
    table.words[at + rows.ROW_ADDR_LOW] = kind === OPERATION_TRIM ? length : position
    table.words[at + rows.ROW_LEN] = length
    return row
  }

  completed(row: number, res: number): void {
    assert.ok(!this.results.has(row), `row ${row} has a second result`)
    this.results.set(row, res)
  }

  reaping(): void {}

  /** Submits, and waits for so many results in all. */
  async until(count: number): Promise<void> {
    this.engine.submit(this)
    while (this.results.size < count) {
      await new Promise(setImmediate)
      this.engine.poll(this)
    }
    assert.equal(this.engine.inFlight, 0)
  }

  close(): void {
    this.engine.unregisterFile(this.file.slot)
    fs.closeSync(this.file.fd)
  }
}

function ofFile(name: string, content: Uint8Array, flags: number = fs.constants.O_RDWR): Setting {
  const at = path.join(directory, name)
  fs.writeFileSync(at, content)
  return new Setting(FILE_KIND_REGULAR, at, flags)
}

describe('rows in the thread pool', () => {
  test('more of them than the pool takes all have their result', async () => {
    const content = Buffer.from(Uint8Array.from({ length: 65536 }, (_, index) => index % 251))
    const setting = ofFile('many', content)
    const begun = Array.from({ length: CAPACITY }, (_, index) =>
      setting.row(OPERATION_READ, index * 512, 512),
    )
    for (const row of begun) setting.engine.begin(row, false)
    assert.equal(setting.engine.unsubmitted, CAPACITY)
    await setting.until(CAPACITY)
    for (const row of begun) assert.equal(setting.results.get(row), 512)
    assert.ok(Buffer.from(setting.arena.subarray(0, 65536)).equals(content))
    setting.close()
  })

  test('those that no thread has are cancelled, and only those', async () => {
    const setting = ofFile('cancelled', Buffer.alloc(4096))
    const begun = Array.from({ length: CAPACITY }, () => setting.row(OPERATION_READ, 0, 512))
    for (const row of begun) setting.engine.begin(row, false)
    setting.engine.submit(setting)
    for (const row of begun) setting.engine.cancel(row)
    await setting.until(CAPACITY)
    const running = 4 * REQUESTS_PER_THREAD
    begun.forEach((row, index) => {
      assert.equal(setting.results.get(row), index < running ? 512 : ECANCELED)
    })
    setting.close()
  })

  test('one that was cancelled before it was submitted is never begun', async () => {
    const setting = ofFile('early', Buffer.alloc(4096))
    const row = setting.row(OPERATION_WRITE, 0, 4)
    setting.arena.fill(7, 0, 4)
    setting.engine.begin(row, false)
    setting.engine.cancel(row)
    await setting.until(1)
    assert.equal(setting.results.get(row), ECANCELED)
    assert.equal(fs.readFileSync(path.join(directory, 'early'))[0], 0)
    setting.close()
  })

  test('errors are those of the kernel', async () => {
    const setting = ofFile('errors', Buffer.alloc(4096), fs.constants.O_RDONLY)
    const row = setting.row(OPERATION_WRITE, 0, 4)
    setting.engine.begin(row, false)
    await setting.until(1)
    assert.equal(setting.results.get(row), EBADF)
    setting.close()
  })

  test('a trim tells how it was done', async () => {
    const setting = ofFile('trim', Buffer.alloc(8192, 1))
    const row = setting.row(OPERATION_TRIM, 100, 5000)
    setting.engine.begin(row, false)
    await setting.until(1)
    assert.equal(setting.results.get(row), TRIM_ZEROES)
    const expected = Buffer.alloc(8192, 1).fill(0, 100, 5100)
    assert.ok(fs.readFileSync(path.join(directory, 'trim')).equals(expected))
    setting.close()
  })
})

describe('linked rows', () => {
  test('run one after the other', async () => {
    const setting = ofFile('linked', Buffer.alloc(4096))
    for (let index = 0; index < 64; index++) setting.arena[index] = index + 1
    const writes = Array.from({ length: 32 }, (_, index) => setting.row(OPERATION_WRITE, index, 32))
    const read = setting.row(OPERATION_READ, 0, 63)
    for (const row of writes) setting.engine.begin(row, true)
    setting.engine.begin(read, false)
    await setting.until(33)
    assert.deepEqual([...setting.results.keys()], [...writes, read])
    setting.close()
  })

  for (const [name, length, results] of [
    ['a short read', 8192, [4096, ECANCELED, ECANCELED]],
    ['no failure', 512, [512, 0, 512]],
  ] as const) {
    test(`after ${name}`, async () => {
      const setting = ofFile('broken', Buffer.alloc(4096))
      const begun = [
        setting.row(OPERATION_READ, 0, length),
        setting.row(OPERATION_NOP),
        setting.row(OPERATION_READ, 0, 512),
      ] as const
      setting.engine.begin(begun[0], true)
      setting.engine.begin(begun[1], true)
      setting.engine.begin(begun[2], false)
      await setting.until(3)
      assert.deepEqual(
        begun.map((row) => setting.results.get(row)),
        results,
      )
      setting.close()
    })
  }

  test('one is cancelled with those behind it, while the one before runs', async () => {
    const setting = ofFile('tail', Buffer.alloc(4096))
    const begun = [0, 1, 2].map(() => setting.row(OPERATION_READ, 0, 512))
    begun.forEach((row, index) => {
      setting.engine.begin(row, index < 2)
    })
    setting.engine.submit(setting)
    setting.engine.cancel(begun[1] as number)
    await setting.until(3)
    assert.deepEqual(
      begun.map((row) => setting.results.get(row)),
      [512, ECANCELED, ECANCELED],
    )
    setting.close()
  })
})

test('reads of an empty pipe hold no thread, keep their order, and can be cancelled', async () => {
  const at = path.join(directory, 'pipe')
  execFileSync('mkfifo', [at])
  const setting = new Setting(FILE_KIND_OTHER, at, fs.constants.O_RDWR)
  const begun = Array.from({ length: 64 }, (_, index) => setting.row(OPERATION_READ, index, 1))
  for (const row of begun) {
    setting.engine.table.words[row * rows.ROW_WORDS + rows.ROW_OFF_LOW] = -1
    setting.engine.table.words[row * rows.ROW_WORDS + rows.ROW_OFF_HIGH] = -1
    setting.engine.begin(row, false)
  }
  setting.engine.submit(setting)
  // Any other call of the pool comes through.
  await fs.promises.stat(directory)
  for (const row of begun.slice(2)) setting.engine.cancel(row)
  fs.writeSync(setting.file.fd, Buffer.from([21, 22]))
  await setting.until(64)
  assert.deepEqual([setting.arena[0], setting.arena[1]], [21, 22])
  for (const row of begun.slice(2)) assert.equal(setting.results.get(row), ECANCELED)
  setting.close()
})

test('a queue of rows is one, whatever is taken out of its middle', () => {
  const step = fc.record({
    what: fc.constantFrom('push', 'unshift', 'shift', 'remove'),
    at: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new RowQueue(new RowLinks(32))
      const model: number[] = []
      for (const { what, at } of steps) {
        const row = at % 32
        if (what === 'shift' && model.length > 0) {
          assert.equal(queue.shift(), model.shift())
        } else if (what === 'remove' && model.length > 0) {
          const [taken] = model.splice(at % model.length, 1)
          queue.remove(taken as number)
        } else if (what === 'push' && !model.includes(row)) {
          queue.push(row)
          model.push(row)
        } else if (what === 'unshift' && !model.includes(row)) {
          queue.unshift(row)
          model.unshift(row)
        }
        assert.equal(queue.empty, model.length === 0)
      }
      while (!queue.empty) assert.equal(queue.shift(), model.shift())
      assert.equal(model.length, 0)
    }),
  )
})
