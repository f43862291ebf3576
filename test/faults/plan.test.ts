// Plans and rules that make no sense, or that would do something else than they say, are refused by name
// before anything is injected: a misspelt field would make a test pass that tests nothing.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TestActor } from '@uring-actor/actor/testing'
import { type FaultPlan, type FaultRule, spawnTestActor } from '@uring-actor/actor/testing'
import { connect } from '@uring-actor/client'
import { temporaryFile } from '../support/temporary.ts'

type Mistake = readonly [given: unknown, code: string, says: RegExp]

const TYPE = 'ERR_INVALID_ARG_TYPE'
const VALUE = 'ERR_INVALID_ARG_VALUE'
const RANGE = 'ERR_OUT_OF_RANGE'

const PLANS: readonly Mistake[] = [
  [null, TYPE, /"plan" argument .* Received null/],
  ['x', TYPE, /"plan" argument .*'x'/],
  [[], TYPE, /"plan" argument .* Array/],
  [{ rate: { error: 1 } }, VALUE, /"plan\.rate" is no option .* rates/],
  [{ rates: { errors: 1 } }, VALUE, /"plan\.rates\.errors" is no option .* error,/],
  [{ rates: null }, TYPE, /"plan\.rates" .* null/],
  [{ rates: { short: 2 } }, RANGE, /"plan\.rates\.short" .* >= 0 && <= 1\. Received 2/],
  [{ rates: { short: null } }, TYPE, /"plan\.rates\.short" .* null/],
  [{ rates: { sync: Number.NaN } }, RANGE, /"plan\.rates\.sync" .* NaN/],
  [{ errors: [] }, VALUE, /plan\.errors/],
  [{ errors: 'EIO' }, TYPE, /"plan\.errors" .* Array.*'EIO'/],
  [{ errors: ['EIO', 5] }, TYPE, /"plan\.errors" .* \(5\)/],
  [{ errors: ['toString'] }, VALUE, /plan\.errors.* errno\(3\).* 'toString'/],
  [{ delayMicros: 5 }, TYPE, /"plan\.delayMicros" .* \(5\)/],
  [{ delayMicros: [5] }, VALUE, /plan\.delayMicros/],
  [{ delayMicros: [5, 1] }, RANGE, /"plan\.delayMicros\[1\]" .* >= 5 .* 1$/],
  [{ time: 'backwards' }, VALUE, /plan\.time.* auto, manual.* 'backwards'/],
  [{ seed: 0.5 }, RANGE, /"plan\.seed" .* an integer .* 0\.5/],
  [{ seed: '7' }, TYPE, /"plan\.seed" .*'7'/],
  [{ wrap: 'paper' }, VALUE, /plan\.wrap.* memory, .* 'paper'/],
  [{ trace: 'yes' }, TYPE, /"plan\.trace" .* boolean.*'yes'/],
  [{ rules: {} }, TYPE, /"plan\.rules" .* Array/],
  [{ rules: [{ errno: 'EIO' }, null] }, TYPE, /"plan\.rules\[1\]" .* null/],
]

const RULES: readonly Mistake[] = [
  [undefined, TYPE, /"rule" argument .* undefined/],
  [null, TYPE, /"rule" argument .* null/],
  ['fsync', TYPE, /"rule" argument .*'fsync'/],
  [{}, VALUE, /'rule' must have an errno/],
  [{ path: '/x', powerCut: false }, VALUE, /'rule' must have an errno/],
  [{ errno: 'EIO', time: 3 }, VALUE, /"rule\.time" is no option .* times/],
  [{ errno: 'EIO', paht: '/x' }, VALUE, /"rule\.paht" is no option .* path/],
  [{ errno: 'ENOTHING' }, VALUE, /rule\.errno.* 'ENOTHING'/],
  [{ errno: 5 }, TYPE, /"rule\.errno" .* \(5\)/],
  [{ operation: 'fly', errno: 'EIO' }, VALUE, /rule\.operation.* 'fly'/],
  [{ path: 5, errno: 'EIO' }, TYPE, /"rule\.path" .* string.* \(5\)/],
  [{ at: '1', errno: 'EIO' }, TYPE, /"rule\.at" .*'1'/],
  [{ skip: -1, errno: 'EIO' }, RANGE, /"rule\.skip" .* -1/],
  [{ times: 0, errno: 'EIO' }, RANGE, /"rule\.times" .* 0$/],
  [{ tries: 3, bytes: 1 }, VALUE, /rule\.tries.* needs an errno/],
  [{ tries: 65, errno: 'EINTR' }, RANGE, /"rule\.tries" .* 65/],
  [{ powerCut: 'no' }, TYPE, /"rule\.powerCut" .* boolean.*'no'/],
]

/** The name, with which the messages begin, is a property of the plan's where a rule comes with it. */
function inPlan(says: RegExp): RegExp {
  const source = says.source.replace('rule', 'plan\\.rules\\[0\\]')
  return new RegExp(source.replace('argument', '(argument|property)'))
}

describe('a test actor refuses', () => {
  for (const [plan, code, message] of PLANS) {
    test(`the plan ${JSON.stringify(plan)}`, async () => {
      await assert.rejects(spawnTestActor(plan as FaultPlan), { code, message })
      assert.throws(() => connect(), { code: 'ERR_URING_NO_ACTOR' }, 'nothing was started')
    })
  }

  for (const [rule, code, message] of RULES) {
    test(`the rule ${JSON.stringify(rule)} of a plan`, async () => {
      const rules = [rule as FaultRule]
      await assert.rejects(spawnTestActor({ rules }), { code, message: inPlan(message) })
    })
  }
})

describe('a running test actor', () => {
  let tested: TestActor
  before(async () => {
    tested = await spawnTestActor()
  })
  after(() => tested.close())

  for (const [rule, code, message] of RULES) {
    test(`refuses the rule ${JSON.stringify(rule)}`, async () => {
      await assert.rejects(tested.faults.inject(rule as FaultRule), { code, message })
    })
  }

  test('has injected nothing of what was refused', async () => {
    const file = await tested.connect().open('/file', 'w+')
    await file.write('abc', 0)
    await file.sync()
    assert.deepEqual(await tested.faults.history(), [])
  })
})

describe('real files have no power to cut', () => {
  const cut = { operation: 'write', powerCut: true } as const

  test('by a rule of the plan', async () => {
    for (const wrap of ['auto', 'io_uring', 'threadpool'] as const) {
      await assert.rejects(spawnTestActor({ wrap, rules: [cut] }), {
        code: VALUE,
        message: /plan\.rules\[0\]\.powerCut.* wrap: 'memory'/,
      })
    }
  })

  test('by a rule that comes later, and the actor goes on', async () => {
    await using tested = await spawnTestActor({ wrap: 'threadpool' })
    await assert.rejects(tested.faults.inject(cut), {
      code: VALUE,
      message: /rule\.powerCut.* wrap: 'memory'/,
    })
    const file = await tested.connect().open(temporaryFile(4096), 'r+')
    assert.equal((await file.write('abc', 0)).bytesWritten, 3)
  })
})
