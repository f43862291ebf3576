// Figures that clients ask for: made at most twice in a turn of the event loop, however many ask, and
// for each of them after he has asked.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oncePerTurn } from '#dist/control/once-per-turn.js'

test('a thousand callers of one turn have two made, each after he has asked', async () => {
  let made = 0
  let now = 0
  const ask = oncePerTurn(() => {
    made++
    return now
  })
  const answers = await Promise.all(
    Array.from({ length: 1000 }, async (_, asked) => {
      now = asked
      return { asked, answer: await ask() }
    }),
  )
  assert.equal(made, 2)
  for (const { asked, answer } of answers) assert.ok(answer >= asked, `${answer} for ${asked}`)
})

test('the next turn has its own', async () => {
  let made = 0
  const ask = oncePerTurn(() => ++made)
  for (let turn = 1; turn <= 5; turn++) {
    assert.equal(await ask(), turn)
    await new Promise(setImmediate)
  }
})

test('what fails fails for all who have asked, and not for those of the next turn', async () => {
  let fails = true
  const ask = oncePerTurn(() => {
    if (fails) throw new Error('cannot be made')
    return 1
  })
  assert.throws(ask, /cannot be made/)
  const second = ask()
  await assert.rejects(Promise.all([second, ask()]), /cannot be made/)
  fails = false
  assert.equal(await ask(), 1)
})
