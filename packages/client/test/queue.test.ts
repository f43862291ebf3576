// The queue that lines are made of: beside an array, whatever is pushed, taken and removed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Queue } from '#dist/transport/queue.js'

interface Entry {
  readonly number: number
}

test('entries leave it in the order in which they came, but for those that are removed', () => {
  const queue = new Queue<Entry>()
  const model: Entry[] = []
  let number = 0
  // Phases of growing and of shrinking, through which it lets go of what was taken.
  for (const pushes of [5, 2, 6, 1, 4, 0]) {
    for (let step = 0; step < 8000; step++) {
      const entry = { number: number++ }
      if (number % 7 < pushes) {
        queue.push(entry)
        model.push(entry)
      } else if (number % 11 === 0 && model.length > 0) {
        const removed = model.splice(number % model.length, 1)[0] as Entry
        assert.equal(queue.remove(removed), true)
        assert.equal(queue.remove(removed), false)
      } else {
        assert.equal(queue.first, model[0])
        assert.equal(queue.shift(), model.shift())
      }
      assert.equal(queue.length, model.length)
    }
  }
  while (model.length > 0) assert.equal(queue.shift(), model.shift())
  assert.equal(queue.shift(), undefined)
  assert.equal(queue.first, undefined)
  assert.equal(queue.length, 0)
})
