// The lines of traced operations: their form, and that they come from any thread, whatever the
// main thread does meanwhile.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lineOf } from '#dist/trace/log.js'
import type { OperationSpan, Stages } from '#dist/trace/types.js'

const CHILD = fileURLToPath(new URL('./log-child.js', import.meta.url))
const NO_TIMES: Stages = { total: 0, busy: 0, idle: 0, queue: 0, batch: 0, kernel: 0, delivery: 0 }

function span(differences: Partial<OperationSpan> = {}): OperationSpan {
  return {
    operation: 'read',
    threadId: 1,
    file: '/a/b',
    position: 0,
    length: 4096,
    startTime: Date.UTC(2026, 10, 25, 21, 35, 41, 123),
    result: 4096,
    error: undefined,
    blocking: false,
    stages: { ...NO_TIMES, total: 20.51, busy: 2.31, idle: 18.2 },
    ...differences,
  }
}

/** What the line has between its braces. */
function fields(differences: Partial<OperationSpan>): string | undefined {
  return /\{(.*)\}: close/.exec(lineOf(span(differences)))?.[1]
}

/** How the line prints a time that was busy. */
function busy(micros: number): string | undefined {
  const stages = { ...NO_TIMES, busy: micros }
  return /time\.busy=(\S+)/.exec(lineOf(span({ stages })))?.[1]
}

describe('the line of an operation', () => {
  test('has the time of its end, its fields, and its busy and idle times', () => {
    assert.equal(
      lineOf(span({ startTime: Date.UTC(2026, 10, 25, 21, 35, 41, 123) + 0.435 })),
      '2026-11-25T21:35:41.123456Z INFO uring_actor: read{client.thread=1 file="/a/b" position=0' +
        ' length=4096 result=4096}: close time.busy=2.31µs time.idle=18.2µs',
    )
  })

  test('has microseconds that carry into the next second', () => {
    const startTime = Date.UTC(2026, 11, 31, 23, 59, 59, 999) + 0.9998
    const line = lineOf(span({ startTime, stages: NO_TIMES }))
    assert.equal(line.slice(0, 27), '2027-01-01T00:00:00.000000Z')
  })

  test('prints times with three significant digits, in the unit that fits', () => {
    const printed = [0, 0.00151, 0.0624, 0.9994, 0.9996, 2.31, 9.996, 18.2, 99.96, 999, 999.6]
    assert.deepEqual(printed.map(busy), [
      '0.00ns',
      '1.51ns',
      '62.4ns',
      '999ns',
      '1.00µs',
      '2.31µs',
      '10.0µs',
      '18.2µs',
      '100µs',
      '999µs',
      '1.00ms',
    ])
    assert.deepEqual([50_000, 1_234_567, 134e6, 7200e6].map(busy), [
      '50.0ms',
      '1.23s',
      '134s',
      '7200s',
    ])
  })

  test('leaves out what the operation does not have', () => {
    const nothing = { file: undefined, position: undefined, length: undefined, result: undefined }
    assert.equal(fields(nothing), 'client.thread=1')
    assert.equal(
      fields({ position: null }),
      'client.thread=1 file="/a/b" position=null length=4096 result=4096',
    )
  })

  test('names an error by its code, or by its name where it has none', () => {
    const error = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' })
    assert.match(fields({ error })!, / error=ENOENT$/)
    assert.doesNotMatch(fields({ error })!, /result=/)
    assert.match(fields({ error: new TypeError('no code') })!, / error=TypeError$/)
  })

  test('has no times for an operation without stages', () => {
    assert.match(lineOf(span({ stages: undefined })), /^2026-11-25T21:35:41\.123000Z .*: close$/)
  })

  test('stays one harmless line whatever the file is called', () => {
    const file = '/tmp/a"\n\u001b[2J\u009b2J\u202e\u2028é'
    assert.match(fields({ file })!, / file="\/tmp\/a\\"\\n\\u001b\[2J\\u009b2J\\u202e\\u2028é" /)
  })
})

describe('writing lines', () => {
  test('a worker writes while the main thread is blocked, and ends at once', () => {
    const { status, stderr } = spawnSync(process.execPath, [CHILD, 'blocked'], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const lines = stderr.split('\n')
    assert.equal(lines.length, 101)
    for (const line of lines.slice(0, -1)) {
      assert.match(
        line,
        /read\{client\.thread=1 .*\}: close time\.busy=2\.00µs time\.idle=1\.00µs$/,
      )
    }
  })

  test('no line is lost in a pipe that is full and does not block', () => {
    const { status, stderr } = spawnSync(process.execPath, [CHILD, 'full'], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
    assert.equal(status, 0, stderr.slice(0, 1000))
    const positions = stderr
      .trimEnd()
      .split('\n')
      .map((line) => /position=(\d+)/.exec(line)?.[1])
    assert.equal(new Set(positions).size, 20_000)
    assert.equal(positions.length, 20_000)
  })

  test('a stderr that is closed fails nothing', () => {
    const { status, stdout } = spawnSync(process.execPath, [CHILD, 'closed'], { encoding: 'utf8' })
    assert.equal(status, 0)
    assert.equal(stdout, 'went on\n')
  })
})
