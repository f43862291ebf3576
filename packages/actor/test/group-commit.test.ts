// Group commit: who asks together shares a sync, who asks while one runs gets the next, and a failure is
// everybody's and stays.
import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { describe, test } from 'node:test'
import { FILE_KIND_REGULAR } from '@uring-actor/client/protocol'
import fc from 'fast-check'
import { OpenFile } from '#dist/files/file-table.js'
import { GroupCommit, type SyncRunner } from '#dist/operations/group-commit.js'

const EIO = -5

class Runner implements SyncRunner {
  readonly runs: Array<{ file?: OpenFile; row: number; data?: boolean }> = []
  readonly settled = new Map<number, number>()
  /** Whether the engine has room for a sync. */
  room = true

  runSync(file: OpenFile, row: number, data: boolean): boolean {
    if (this.room) this.runs.push({ file, row, data })
    return this.room
  }

  runRange(row: number): boolean {
    if (this.room) this.runs.push({ row })
    return this.room
  }

  syncSettled(row: number, result: number): void {
    assert.equal(this.settled.has(row), false, `row ${row} was settled twice`)
    this.settled.set(row, result)
  }
}

function file(slot = 1): OpenFile {
  return new OpenFile(slot, 1, 9, 0, constants.O_RDWR, FILE_KIND_REGULAR, 512, 512)
}

function setUp(): { runner: Runner; commit: GroupCommit; open: OpenFile } {
  const runner = new Runner()
  return { runner, commit: new GroupCommit(runner), open: file() }
}

describe('group commit', () => {
  test('runs one sync for all who ask before it begins', () => {
    const { runner, commit, open } = setUp()
    for (const row of [1, 2, 3]) commit.join(open, row, true)
    assert.equal(runner.runs.length, 0)
    commit.begin()
    commit.begin()
    assert.deepEqual(runner.runs, [{ file: open, row: 1, data: true }])
    assert.equal(runner.settled.size, 0)
    commit.finished(open, 0)
    assert.deepEqual(
      [...runner.settled],
      [1, 2, 3].map((row) => [row, 0]),
    )
  })

  test('begins later what finds no room, for all who asked meanwhile', () => {
    const { runner, commit, open } = setUp()
    runner.room = false
    commit.join(open, 1, true)
    commit.begin()
    commit.join(open, 2, false)
    commit.begin()
    assert.deepEqual(runner.runs, [])
    runner.room = true
    commit.begin()
    assert.deepEqual(runner.runs, [{ file: open, row: 1, data: false }])
    commit.finished(open, 0)
    assert.deepEqual([...runner.settled.keys()], [1, 2])
  })

  test('shares the next sync among those whose sync was interrupted and those who asked since', () => {
    const { runner, commit, open } = setUp()
    commit.join(open, 1, true)
    commit.begin()
    commit.join(open, 2, true)
    commit.again(open)
    commit.begin()
    assert.equal(runner.runs.length, 2)
    assert.deepEqual(runner.runs[1], { file: open, row: 1, data: false })
    commit.finished(open, EIO)
    assert.deepEqual(
      [...runner.settled],
      [
        [1, EIO],
        [2, EIO],
      ],
    )
  })

  test('gives the next sync to those who ask while one runs', () => {
    const { runner, commit, open } = setUp()
    commit.join(open, 1, true)
    commit.begin()
    commit.join(open, 2, true)
    commit.join(open, 3, true)
    commit.begin()
    assert.equal(runner.runs.length, 1, 'one at a time')
    commit.finished(open, 0)
    assert.deepEqual([...runner.settled.keys()], [1])
    commit.begin()
    assert.equal(runner.runs.length, 2)
    commit.finished(open, 0)
    assert.deepEqual([...runner.settled.keys()].sort(), [1, 2, 3])
  })

  test('runs a full sync when one of them needs it', () => {
    const { runner, commit, open } = setUp()
    commit.join(open, 1, true)
    commit.join(open, 2, false)
    commit.begin()
    assert.equal(runner.runs[0]?.data, false)
    commit.finished(open, 0)
    commit.join(open, 3, true)
    commit.begin()
    assert.equal(runner.runs[1]?.data, true, 'the next is a plain one again')
  })

  test('keeps files apart', () => {
    const { runner, commit } = setUp()
    const files = [file(1), file(2), file(3)]
    files.forEach((open, index) => {
      commit.join(open, index, true)
    })
    commit.begin()
    assert.equal(runner.runs.length, 3)
    commit.finished(files[1]!, EIO)
    commit.finished(files[0]!, 0)
    assert.deepEqual(
      [...runner.settled],
      [
        [1, EIO],
        [0, 0],
      ],
    )
  })

  test('tells a failure to all, and to all who come later', () => {
    const { runner, commit, open } = setUp()
    commit.join(open, 1, true)
    commit.join(open, 2, true)
    commit.begin()
    commit.join(open, 3, true)
    commit.finished(open, EIO)
    commit.join(open, 4, false)
    commit.begin()
    assert.equal(runner.runs.length, 1, 'a later sync would call all well')
    for (const row of [1, 2, 3, 4]) assert.equal(runner.settled.get(row), EIO)
    assert.equal(commit.dueCount, 0)
  })

  test('runs ranges one by one, in turns with syncs, and never beside them', () => {
    const { runner, commit, open } = setUp()
    const order: number[] = []
    for (const row of [1, 2, 3]) commit.joinRange(open, row)
    for (const row of [4, 5]) commit.join(open, row, true)
    for (let run = 1; run <= 4; run++) {
      commit.begin()
      assert.equal(runner.runs.length, run, 'one at a time')
      order.push(runner.runs[run - 1]!.row)
      if (run === 2) commit.join(open, 6, true)
      commit.finished(open, 0)
    }
    assert.deepEqual(order, [4, 1, 6, 2])
    assert.deepEqual([...runner.settled.keys()], [4, 5, 1, 6, 2])
    commit.begin()
    commit.rangeAgain(open)
    commit.join(open, 7, true)
    commit.begin()
    assert.deepEqual(
      runner.runs.slice(4),
      [{ row: 3 }, { row: 3 }],
      'an interrupted one goes first',
    )
  })

  test('fails a file by a range that the disk failed, and not by one that was refused', () => {
    const { runner, commit, open } = setUp()
    for (const row of [1, 2, 3]) commit.joinRange(open, row)
    commit.begin()
    commit.join(open, 4, true)
    commit.rangeRefused(open, -22)
    assert.deepEqual([...runner.settled], [[1, -22]])
    commit.begin()
    commit.finished(open, 0)
    commit.begin()
    commit.finished(open, EIO)
    commit.join(open, 5, true)
    commit.joinRange(open, 6)
    commit.begin()
    assert.equal(runner.runs.length, 3)
    const failed = [...runner.settled].filter(([, result]) => result === EIO)
    assert.deepEqual(failed.map(([row]) => row).sort(), [2, 3, 5, 6])
  })

  test('nothing runs beside a sync that has reserved its place', () => {
    const { runner, commit, open } = setUp()
    assert.ok(commit.reserve(open, 1))
    assert.equal(commit.reserve(open, 2), false, 'one at a time')
    commit.join(open, 3, true)
    commit.joinRange(open, 4)
    commit.begin()
    assert.deepEqual(runner.runs, [])
    commit.released(open, 0)
    assert.equal(commit.reserve(open, 5), false, 'those who wait go first')
    commit.begin()
    assert.deepEqual(
      runner.runs.map(({ row }) => row),
      [3],
    )
  })

  test('nor when the file is still due for one who has left the line', () => {
    const { runner, commit, open } = setUp()
    commit.join(open, 1, true)
    open.syncNext.pop()
    assert.ok(commit.reserve(open, 2))
    commit.begin()
    commit.join(open, 3, true)
    commit.begin()
    assert.deepEqual(runner.runs, [], 'not beside it')
    commit.released(open, 0)
    commit.begin()
    commit.finished(open, 0)
    assert.deepEqual([...runner.settled], [[3, 0]])
    assert.equal(commit.dueCount, 0)
  })

  test("a failure of one that had reserved its place is everybody's who waits", () => {
    const { runner, commit, open } = setUp()
    commit.reserve(open, 1)
    commit.join(open, 2, true)
    commit.joinRange(open, 3)
    commit.released(open, EIO)
    assert.deepEqual(
      [...runner.settled],
      [
        [2, EIO],
        [3, EIO],
      ],
    )
    assert.equal(commit.reserve(open, 4), false, 'a file that has failed is not synced again')
  })

  test('whoever joins, leaves and reserves: one at a time, and all who stay are settled', () => {
    const act = fc.constantFrom('join', 'range', 'leave', 'leave', 'reserve', 'begin', 'end')
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const { runner, commit, open } = setUp()
        let rows = 0
        let stay = 0
        let ended = 0
        let reserved = 0
        const end = (): void => {
          if (reserved > 0) commit.released(open, 0)
          else if (runner.runs.length > ended) {
            ended++
            commit.finished(open, 0)
          }
          reserved = 0
        }
        const carryOut = (next: string): void => {
          if (next === 'begin') commit.begin()
          else if (next === 'end') end()
          else if (next === 'leave') {
            const left = open.syncNext.pop() ?? open.rangeNext.pop()
            if (left !== undefined) stay--
          } else if (next === 'reserve') reserved += commit.reserve(open, rows++) ? 1 : 0
          else {
            stay++
            if (next === 'range') commit.joinRange(open, rows++)
            else commit.join(open, rows++, true)
          }
        }
        for (const next of acts) {
          carryOut(next)
          const running = runner.runs.length - ended + reserved
          assert.ok(running <= 1, `${running} run beside each other after ${next}`)
        }
        for (let left = 0; left <= acts.length; left++) {
          carryOut('end')
          carryOut('begin')
        }
        carryOut('end')
        assert.equal(runner.settled.size, stay)
      }),
      { verbose: 1, numRuns: 1000 },
    )
  })

  test('settles everyone once, with a sync that began after he had asked', () => {
    const act = fc.constantFrom('join', 'join', 'join full', 'join range', 'begin', 'finish')
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const { runner, commit, open } = setUp()
        const askedBefore = new Map<number, number>()
        let rows = 0
        let finished = 0
        for (const next of [
          ...acts,
          ...acts.flatMap(() => ['begin', 'finish']),
          'begin',
          'finish',
        ]) {
          if (next.startsWith('join')) {
            askedBefore.set(rows, runner.runs.length)
            if (next === 'join range') commit.joinRange(open, rows)
            else commit.join(open, rows, next === 'join')
            rows++
          } else if (next === 'begin') commit.begin()
          else if (runner.runs.length > finished) {
            const before = new Set(runner.settled.keys())
            commit.finished(open, 0)
            finished++
            for (const row of runner.settled.keys()) {
              if (!before.has(row)) assert.ok(askedBefore.get(row)! < finished)
            }
            assert.equal(finished, runner.runs.length, 'no two run beside each other')
          }
        }
        assert.equal(runner.settled.size, rows)
      }),
      { verbose: 1 },
    )
  })
})
