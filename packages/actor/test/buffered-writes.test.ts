// How many kernel workers are told to be busy with buffered writes: one for each file, from the fifth
// write on that is in flight after a submission, and until it is asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BufferedWrites } from '#dist/engine/buffered-writes.js'

function withFiles(count: number): BufferedWrites {
  const writes = new BufferedWrites(8)
  for (let slot = 0; slot < count; slot++) writes.fileOpened(slot, true)
  return writes
}

test('four writes in flight keep nobody busy, the fifth one does', () => {
  const writes = withFiles(1)
  for (let count = 0; count < 4; count++) writes.begun(0)
  writes.submitted()
  assert.equal(writes.takeWorkers(), 0)
  writes.begun(0)
  writes.submitted()
  assert.equal(writes.total, 5)
  assert.equal(writes.takeWorkers(), 1)
})

test('each file has a worker of its own', () => {
  const writes = withFiles(3)
  for (let count = 0; count < 9; count++) writes.begun(count % 3)
  writes.submitted()
  assert.equal(writes.takeWorkers(), 3)
  for (let count = 0; count < 3; count++) writes.ended(1)
  writes.submitted()
  assert.equal(writes.takeWorkers(), 2)
})

test('what the kernel does as it is submitted keeps no worker busy', () => {
  const writes = withFiles(2)
  for (let submission = 0; submission < 10; submission++) {
    for (let count = 0; count < 12; count++) writes.begun(count & 1)
    for (let count = 0; count < 12; count++) writes.ended(count & 1)
    writes.submitted()
  }
  assert.equal(writes.takeWorkers(), 0)
})

test('what was is told once, also when it has ended meanwhile', () => {
  const writes = withFiles(2)
  for (let count = 0; count < 6; count++) writes.begun(count & 1)
  writes.submitted()
  for (let count = 0; count < 6; count++) writes.ended(count & 1)
  assert.equal(writes.total, 0)
  assert.equal(writes.takeWorkers(), 2)
  assert.equal(writes.takeWorkers(), 0)
})

test('writes of direct I/O, and to a slot whose file is another one, are not counted', () => {
  const writes = withFiles(1)
  writes.fileOpened(0, false)
  for (let count = 0; count < 9; count++) writes.begun(0)
  for (let count = 0; count < 9; count++) writes.begun(7)
  writes.submitted()
  assert.equal(writes.total, 0)
  assert.equal(writes.takeWorkers(), 0)
  for (let count = 0; count < 9; count++) writes.ended(0)
  assert.equal(writes.total, 0)
})
