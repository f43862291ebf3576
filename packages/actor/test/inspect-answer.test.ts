// What `uring-actor top` takes for an answer: whoever made a socket may send anything, and nothing of it
// reaches a terminal.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAnswer } from '#dist/inspect/snapshot.js'

const FIGURES = {
  operations: 1,
  errors: 0,
  bytesRead: 1,
  bytesWritten: 0,
  inFlight: 0,
  interval: {
    operations: 1,
    errors: 0,
    bytesRead: 1,
    bytesWritten: 0,
    p50Micros: 1.5,
    p99Micros: null,
    busyMicros: 1,
    idleMicros: 0,
    meanInFlight: null,
    meanBatch: 1,
  },
}
const ANSWER = {
  format: 'uring-actor-inspect',
  version: 1,
  pid: 5,
  engine: 'io_uring',
  trace: 'off',
  uptimeMicros: 1,
  intervalMicros: 1,
  first: true,
  actor: { busyMicros: 1, idleMicros: 1, enters: 0, submissions: 0, submitted: 0 },
  all: FIGURES,
  clients: [{ id: 1, threadId: 0, connectedMicros: 1, ...FIGURES }],
}

test('an answer is read', () => {
  assert.deepEqual(readAnswer(JSON.stringify(ANSWER)), ANSWER)
  const refusal = { format: 'uring-actor-inspect', version: 1, refused: 'no' }
  assert.deepEqual(readAnswer(JSON.stringify(refusal)), refusal)
})

test('lines that are none', () => {
  for (const line of ['', 'HTTP/1.1 400 Bad Request', 'null', '5', '[]', '{}', '{"format":']) {
    assert.equal(readAnswer(line), null, line)
  }
})

/** Every value of an answer, however deep, by the names that lead to it. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [
    path,
    ...Object.keys(value).flatMap((name) => pathsOf(value[name as never], [...path, name])),
  ]
}

function changed(path: string[], value: unknown): string {
  const copy = structuredClone(ANSWER)
  const names = [...path]
  const last = names.pop()!
  const holder = names.reduce((at, name) => at[name as never], copy as object)
  Object.assign(holder, { [last]: value })
  return JSON.stringify(copy)
}

test('an answer in which any value is another one', () => {
  const paths = pathsOf(ANSWER).filter((path) => path.length > 0 && path.join('.') !== 'clients')
  assert.ok(paths.length > 40)
  for (const path of paths) {
    for (const value of ['\x1b[2J', -1, { a: 1 }]) {
      assert.equal(readAnswer(changed(path, value)), null, `${path.join('.')} = ${value}`)
    }
  }
  assert.equal(readAnswer(changed(['clients'], {})), null)
  assert.equal(readAnswer(JSON.stringify(ANSWER).replace('"pid":5', '"pid":1e999')), null)
})
