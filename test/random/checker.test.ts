// The checker of the random runs finds what is planted in a history, and nothing in a good one.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/temporary.ts'
import { bytesOf } from './checker/content.ts'
import { CODE_TRAMPLED } from './codes.ts'
import { FLUSH, FORM_ABORT, FORM_NO_WAIT, NOP, OPEN_MISSING, STAT, TRIM } from './kinds.ts'
import { BLOCK_FILE, BYTE_FILE, Scenario, wordsOf } from './scenario.ts'

const CHECKER = fileURLToPath(new URL('./checker/main.js', import.meta.url))
const EIO = 5
const ENOENT = 2
const ABORTED = 1000
const BUSY = 1010
const NOT_STARTED = 0
const CANCELLED = 1
const FINISHED = 2

/** The kinds of faults that the checker finds when the scenario is played. */
function faults(play: (scenario: Scenario) => void): string[] {
  const scenario = new Scenario()
  play(scenario)
  const directory = path.join(temporaryDirectory(), 'run')
  scenario.save(directory)
  const { status, stdout, stderr } = spawnSync(process.execPath, [CHECKER, directory])
  assert.ok(status === 0 || status === 1, String(stderr))
  const { findings } = JSON.parse(String(stdout)) as { findings: Record<string, number> }
  assert.equal(status, Object.keys(findings).length === 0 ? 0 : 1)
  return Object.keys(findings)
}

/** Two writes of block 0, one after the other, of which the second stays. */
function twoWrites(scenario: Scenario): void {
  scenario.write(0, [10, 20], 0, [1, 1])
  scenario.write(0, [30, 40], 0, [1, 2])
  scenario.left(0, 1, 2)
}

function trim(scenario: Scenario, times: readonly [number, number]): void {
  scenario.operation(0, times, { kind: TRIM, length: 4096 }, [1, 9])
}

/** A third write, given up at once; returns its number. */
function abortedWrite(scenario: Scenario): number {
  return scenario.write(0, [50, 51], 0, [1, 3], { form: FORM_ABORT, code: ABORTED })
}

/** Two halves of what two writes of block 0 wrote. */
function mixed(): Int32Array {
  const words = wordsOf(0, 1, 1)
  words.set(wordsOf(0, 1, 2).subarray(0, 500))
  return words
}

const GOOD: Record<string, (scenario: Scenario) => void> = {
  'nothing at all': () => {},
  'reads of what was written last': (s) => {
    s.read(1, [1, 2], 0, 'zeros')
    twoWrites(s)
    s.read(1, [21, 22], 0, [1, 1])
    s.read(1, [41, 42], 0, [1, 2])
  },
  'a read at the time of a write, of before or after it': (s) => {
    twoWrites(s)
    s.read(1, [31, 32], 0, [1, 1])
    s.read(1, [33, 34], 0, [1, 2])
  },
  'zeros after a trim': (s) => {
    twoWrites(s)
    trim(s, [50, 60])
    s.read(1, [70, 71], 0, 'zeros')
    s.blocks.fill(0)
  },
  'a mixture that is read during a write': (s) => {
    twoWrites(s)
    s.read(1, [35, 45], 0, mixed())
  },
  'an aborted write that did nothing': (s) => {
    twoWrites(s)
    s.outcome(0, 52, abortedWrite(s), NOT_STARTED)
  },
  'an aborted write that was done until its outcome was known': (s) => {
    twoWrites(s)
    s.outcome(0, 55, abortedWrite(s), FINISHED, 4096)
    s.read(1, [52, 53], 0, [1, 2])
    s.read(1, [60, 61], 0, [1, 3])
    s.left(0, 1, 3)
  },
  'an aborted write that was stopped, and may have been done': (s) => {
    twoWrites(s)
    s.outcome(0, 55, abortedWrite(s), CANCELLED)
    s.left(0, 1, 3)
  },
  'a write that found no room and was not to wait': (s) => {
    twoWrites(s)
    s.write(1, [50, 51], 0, [2, 1], { form: FORM_NO_WAIT, code: BUSY })
  },
  'a missing file that is not found': (s) => {
    s.operation(0, [1, 2], { kind: OPEN_MISSING }, [1, 0], { code: ENOENT })
  },
  'bytes that are read as they were written, to the end of the file': (s) => {
    s.writeBytes([1, 2], 900, 100, 1)
    s.readBytes([3, 4], 950, 300, bytesOf(BYTE_FILE, 1, 1, 100).subarray(50))
    s.operation(0, [5, 6], { kind: STAT, file: BYTE_FILE }, [1, 0], { count: 1000 })
  },
}

/** What is planted, and the kinds of faults that it must be told as. */
const PLANTED: Record<string, readonly [string[], (scenario: Scenario) => void]> = {
  'a completion that is lost': [
    ['lost'],
    (s) => {
      s.operation(0, [1], { kind: NOP }, [1, 0])
    },
  ],
  'a settlement that comes twice': [
    ['duplicate'],
    (s) => {
      const number = s.operation(0, [1, 2], { kind: NOP }, [1, 0])
      s.record(0, 3, 2, number, [0, 0, 0])
    },
  ],
  'a completion that the client dropped': [
    ['duplicate'],
    (s) => {
      s.delivered = 1
    },
  ],
  'a completion that the client never got': [
    ['lost'],
    (s) => {
      s.delivered = -1
    },
  ],
  'a read of what was overwritten': [
    ['stale'],
    (s) => {
      twoWrites(s)
      s.read(1, [41, 42], 0, [1, 1])
    },
  ],
  'zeros where something was written': [
    ['stale'],
    (s) => {
      twoWrites(s)
      s.read(1, [41, 42], 0, 'zeros')
    },
  ],
  'a read of what was trimmed': [
    ['stale'],
    (s) => {
      twoWrites(s)
      trim(s, [50, 60])
      s.read(1, [70, 71], 0, [1, 2])
      s.blocks.fill(0)
    },
  ],
  'a write that is undone in the end': [
    ['stale'],
    (s) => {
      twoWrites(s)
      s.left(0, 1, 1)
    },
  ],
  'a write that takes place twice': [
    ['stale'],
    (s) => {
      s.write(0, [10, 60], 0, [1, 1])
      s.write(1, [11, 61], 0, [2, 1])
      s.read(1, [62, 63], 0, [2, 1])
      s.read(1, [64, 65], 0, [1, 1])
      s.left(0, 1, 1)
    },
  ],
  'a read of what is written later': [
    ['stale'],
    (s) => {
      s.read(1, [1, 2], 0, [1, 1])
      twoWrites(s)
    },
  ],
  'a torn block when nobody writes': [
    ['torn'],
    (s) => {
      twoWrites(s)
      s.read(1, [41, 42], 0, mixed())
    },
  ],
  'a torn block with bytes that nobody wrote': [
    ['torn'],
    (s) => {
      twoWrites(s)
      s.read(1, [35, 45], 0, mixed().fill(7, 100, 101))
    },
  ],
  'a torn block in the end': [
    ['torn'],
    (s) => {
      twoWrites(s)
      s.blocks[2000]! ^= 1
    },
  ],
  'a block that was written to another place': [
    ['misdirected'],
    (s) => {
      twoWrites(s)
      s.blocks.copy(s.blocks, 4096, 0, 4096)
    },
  ],
  'a block that nobody wrote': [
    ['misdirected'],
    (s) => {
      s.left(3, 1, 77)
    },
  ],
  'a short write': [
    ['count'],
    (s) => {
      s.write(0, [1, 2], 0, [1, 1], { count: 512 })
      s.left(0, 1, 1)
    },
  ],
  'a short read': [
    ['count'],
    (s) => {
      s.read(0, [1, 2], 0, 'zeros', { count: 512 })
    },
  ],
  'an error that nothing explains': [
    ['error'],
    (s) => {
      s.read(0, [1, 2], 0, 'zeros', { code: EIO })
    },
  ],
  'an abort that nobody asked for': [
    ['error'],
    (s) => {
      s.read(0, [1, 2], 0, 'zeros', { code: ABORTED })
    },
  ],
  'an abort whose outcome is never known': [
    ['lost'],
    (s) => {
      twoWrites(s)
      abortedWrite(s)
    },
  ],
  'an abort with two outcomes': [
    ['duplicate'],
    (s) => {
      twoWrites(s)
      const number = abortedWrite(s)
      for (const time of [52, 53]) s.outcome(0, time, number, NOT_STARTED)
    },
  ],
  'an aborted write that did nothing and is there': [
    ['misdirected'],
    (s) => {
      twoWrites(s)
      s.outcome(0, 52, abortedWrite(s), NOT_STARTED)
      s.left(0, 1, 3)
    },
  ],
  'an aborted write that takes place after its outcome': [
    ['stale'],
    (s) => {
      twoWrites(s)
      s.outcome(0, 55, abortedWrite(s), CANCELLED)
      s.read(1, [60, 61], 0, [1, 2])
      s.left(0, 1, 3)
    },
  ],
  'an aborted write that ended by itself and is not there': [
    ['stale'],
    (s) => {
      twoWrites(s)
      s.outcome(0, 55, abortedWrite(s), FINISHED, 4096)
    },
  ],
  'a want of room for one who would wait': [
    ['error'],
    (s) => {
      s.write(0, [1, 2], 0, [1, 1], { code: BUSY })
    },
  ],
  'an error that is swallowed': [
    ['error'],
    (s) => {
      s.operation(0, [1, 2], { kind: OPEN_MISSING }, [1, 0])
    },
  ],
  'bytes beside the buffer that changed': [
    ['error'],
    (s) => {
      s.read(0, [1, 2], 0, 'zeros', { code: CODE_TRAMPLED })
    },
  ],
  'a flush that does not wait': [
    ['flush'],
    (s) => {
      s.operation(0, [1, 9], { kind: NOP }, [1, 0])
      s.operation(0, [2, 3], { kind: FLUSH }, [1, 0])
    },
  ],
  'other bytes than were written': [
    ['wrong bytes'],
    (s) => {
      s.writeBytes([1, 2], 900, 100, 1)
      s.readBytes([3, 4], 900, 100, bytesOf(BYTE_FILE, 1, 2, 100))
    },
  ],
  'other bytes in the end': [
    ['wrong contents'],
    (s) => {
      s.writeBytes([1, 2], 900, 100, 1)
      s.bytes[0] = 1
    },
  ],
  'a wrong size': [
    ['count'],
    (s) => {
      s.operation(0, [1, 2], { kind: STAT, file: BLOCK_FILE }, [1, 0], { count: 17 })
    },
  ],
}

for (const [what, play] of Object.entries(GOOD)) {
  test(`nothing is found in ${what}`, () => assert.deepEqual(faults(play), []))
}

for (const [what, [kinds, play]] of Object.entries(PLANTED)) {
  test(`it finds ${what}`, () => assert.deepEqual(faults(play), kinds))
}
