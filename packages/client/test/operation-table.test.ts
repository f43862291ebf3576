// The lines for free operations and for memory: first come, first served, whatever one of them does.
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { OperationTable } from '#dist/transport/operation-table.js'

/** A table whose operations are all taken, and what gives one back. */
function fullTable(capacity: number): { table: OperationTable; giveBack: () => void } {
  const table = new OperationTable(capacity)
  const taken = Array.from({ length: capacity }, () => table.claim()!)
  const giveBack = (): void => {
    table.free(taken.pop()!)
    table.admit()
  }
  return { table, giveBack }
}

test('who waits is let in as room comes, in the order of the calls', () => {
  const { table, giveBack } = fullTable(3)
  const begun: number[] = []
  for (const number of [1, 2, 3]) {
    table.whenReady(() => {
      if (table.claim() === null) return false
      begun.push(number)
      return true
    })
  }
  assert.deepEqual(begun, [])
  giveBack()
  assert.deepEqual(begun, [1])
  giveBack()
  giveBack()
  assert.deepEqual(begun, [1, 2, 3])
  assert.equal(table.hasWaiting, false)
})

test('one that throws is told of later, as an uncaught exception, and those behind it go on', () => {
  const { table, giveBack } = fullTable(2)
  const begun: string[] = []
  const fault = new Error('planted')
  table.whenReady(() => {
    if (table.freeCount === 0) return false
    throw fault
  })
  for (const name of ['second', 'third']) {
    table.whenReady(() => table.freeCount > 0 && table.claim() !== null && begun.push(name) > 0)
  }
  const later: Array<() => void> = []
  mock.method(globalThis, 'queueMicrotask', (task: () => void) => later.push(task))
  giveBack()
  mock.restoreAll()
  assert.equal(later.length, 1)
  assert.throws(later[0]!, fault)
  giveBack()
  assert.deepEqual(begun, ['second', 'third'])
})
