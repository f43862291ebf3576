// Steering a test actor: the same seed and the same program give the same history; time goes on by
// hand; results are kept back and let go; faults strike real files too, on each engine.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnActor } from '@uring-actor/actor'
import {
  type FaultEvent,
  type FaultPlan,
  spawnTestActor,
  type TestActor,
} from '@uring-actor/actor/testing'
import { Random } from '../random/random.ts'
import { codeOf, within } from '../support/outcome.ts'
import { temporaryFile } from '../support/temporary.ts'
import { failureOf } from './failure.ts'

const RATES = { short: 0.3, interrupt: 0.3, error: 0.1, sync: 0.1, busy: 0.3 }

async function historyOf(
  plan: FaultPlan,
  program: (tested: TestActor) => Promise<void>,
): Promise<FaultEvent[]> {
  await using tested = await spawnTestActor({ ...plan, trace: true })
  await program(tested)
  return tested.faults.history()
}

/** A test actor that works on real files; null where it cannot, which is the reason of a skip. */
async function ofRealFiles(
  plan: FaultPlan,
  wrap: 'io_uring' | 'threadpool',
  t: TestContext,
): Promise<TestActor | null> {
  try {
    return await spawnTestActor({ ...plan, wrap })
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_URING_ENGINE') throw error
    // Where io_uring is forbidden: the message says by what.
    t.skip((error as Error).message)
    return null
  }
}

/** Reads and writes, each after the one before it. */
async function oneByOne(tested: TestActor): Promise<void> {
  const file = await tested.connect().open('/file', 'w+')
  const random = new Random(1, 1)
  for (let left = 100; left > 0; left--) {
    const bytes = Buffer.alloc(1 + random.below(2000))
    const position = random.below(10_000)
    const what = random.below(3)
    if (what === 0) await codeOf(() => file.read(bytes, 0, bytes.length, position))
    else if (what === 1) await codeOf(() => file.write(bytes, 0, bytes.length, position))
    else await codeOf(() => file.sync())
  }
}

/** Many at once, and all of them awaited before the next are begun. */
async function inBursts(tested: TestActor): Promise<void> {
  const file = await tested.connect().open('/file', 'w+')
  const random = new Random(1, 2)
  for (let burst = 0; burst < 20; burst++) {
    const calls: Promise<unknown>[] = []
    for (let left = 40; left > 0; left--) {
      const bytes = Buffer.alloc(1 + random.below(2000))
      const position = random.below(10_000)
      const durable = random.chance(200)
      calls.push(
        codeOf(() =>
          durable
            ? file.writeDurable(bytes, 0, bytes.length, position)
            : file.write(bytes, 0, bytes.length, position),
        ),
      )
      if (random.chance(50)) calls.push(codeOf(() => file.sync()))
    }
    await Promise.all(calls)
  }
}

/** Begins more while others are in flight; only the hand that moves time says when what happens. */
async function byHand(tested: TestActor): Promise<void> {
  const file = await tested.connect().open('/file', 'w+')
  const calls: Promise<unknown>[] = []
  for (let step = 0; step < 50; step++) {
    calls.push(codeOf(() => file.writeDurable(Buffer.alloc(700, step), 0, 700, step * 512)))
    calls.push(codeOf(() => file.read(Buffer.alloc(600), 0, 600, step * 256)))
    await tested.faults.step(7)
  }
  await tested.faults.run()
  await Promise.all(calls)
}

describe('a test actor', () => {
  const programs = { oneByOne, inBursts, byHand }
  for (const [name, program] of Object.entries(programs)) {
    test(`does the same again with the same seed: ${name}`, async () => {
      const time = program === byHand ? 'manual' : 'auto'
      const plan = { seed: 9, rates: RATES, time } as const
      const first = await historyOf(plan, program)
      assert.ok(first.length > 200)
      assert.deepEqual(await historyOf(plan, program), first)
      assert.notDeepEqual(await historyOf({ ...plan, seed: 10 }, program), first)
    })
  }

  test('lets time go on by hand', async () => {
    await using tested = await spawnTestActor({ time: 'manual', delayMicros: [10, 10] })
    const { faults } = tested
    const file = await tested.connect().open('/file', 'w')
    await faults.inject({ operation: 'write', delayMicros: 90 })
    const order: string[] = []
    const late = file.write('late', 0).then(() => order.push('late'))
    const soon = file.write('soon', 8).then(() => order.push('soon'))
    await faults.step(9)
    await sleep(30)
    assert.deepEqual(order, [])
    await faults.step(1)
    await within(5000, 'soon', soon)
    assert.deepEqual(order, ['soon'])
    await faults.step()
    await within(5000, 'late', late)
    const last = await faults.history()
    assert.deepEqual(
      last.map(({ kind, operation }) => [kind, operation]),
      [['delay', 1]],
    )
  })

  test('takes a step with more writes to real files than there is time for at once', async (t) => {
    const tested = await ofRealFiles({ time: 'manual', delayMicros: [1, 1] }, 'io_uring', t)
    if (tested === null) return
    await using _ = tested
    const opening = tested.connect().open(temporaryFile(1 << 16), 'r+')
    await tested.faults.run()
    const file = await opening
    const bytes = Buffer.alloc(32_768, 1)
    const written = Array.from({ length: 120 }, (_, n) => file.write(bytes, 0, bytes.length, n))
    await within(10_000, 'the step', tested.faults.step(0))
    await within(10_000, 'what is left', tested.faults.run())
    await within(10_000, 'the writes', Promise.all(written))
  })

  test('keeps results back, and lets them go', async () => {
    await using tested = await spawnTestActor()
    const { faults } = tested
    const file = await tested.connect().open('/file', 'w+')
    await faults.hold()
    let settled = false
    const written = file.write('abc', 0).then(() => {
      settled = true
    })
    await sleep(50)
    assert.equal(settled, false)
    assert.equal(`${Buffer.from((await faults.file('/file'))!.bytes)}`, 'abc', 'it is carried out')
    await faults.release()
    await within(5000, 'the write', written)
  })

  test('refuses submissions until it is told to accept them, or closed', async () => {
    await using tested = await spawnTestActor({ queueEntries: 2 })
    const { faults } = tested
    const file = await tested.connect().open('/file', 'w+')
    for (const end of [() => faults.accept(), () => tested.close()]) {
      const before = await faults.operations()
      await faults.refuse()
      let settled = 0
      const written = [0, 1, 2, 3].map((place) => file.write('x', place).then(() => settled++))
      // Two find room, and are begun; nobody answers what was not submitted.
      while ((await faults.operations()) < before + 2) await sleep(1)
      for (let turn = 0; turn < 100; turn++) await faults.history()
      assert.equal(await faults.operations(), before + 2)
      assert.equal(settled, 0)
      await within(5000, 'what ends it', end())
      await within(5000, 'the writes', Promise.all(written))
    }
  })

  test('stands still, and goes on with what was posted meanwhile', async () => {
    await using tested = await spawnTestActor({ trace: true })
    const { faults } = tested
    const file = await tested.connect().open('/file', 'w+')
    await faults.pause()
    let told = false
    const operations = faults.operations().then((count) => {
      told = true
      return count
    })
    const written = file.write('abc', 0)
    // Nobody answers who stands still: an answer would be here after so many turns.
    for (let turn = 0; turn < 1000; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(told, false)
    faults.resume()
    await within(5000, 'the write', written)
    await within(5000, 'what was asked meanwhile', operations)
    assert.equal(await faults.operations(), 2)
    await faults.pause()
    await within(5000, 'close, which ends a pause', tested.close())
  })

  test('does not carry out what was given up before its time', async () => {
    await using tested = await spawnTestActor({ time: 'manual', delayMicros: [10, 10] })
    const file = await tested.connect().open('/file', 'w+')
    const given = new AbortController()
    const written = file.write(Buffer.from('abc'), { position: 0, signal: given.signal })
    const kept = file.write('xyz', 8)
    await tested.faults.step(0)
    given.abort()
    assert.equal(await codeOf(() => written), 'ABORT_ERR')
    await tested.faults.run()
    await within(5000, 'the other write', kept)
    const { bytes } = (await tested.faults.file('/file'))!
    assert.equal(Buffer.from(bytes).toString(), '\0\0\0\0\0\0\0\0xyz')
    const cancelled = (await tested.faults.history()).map(({ kind, operation }) => [
      kind,
      operation,
    ])
    assert.deepEqual(cancelled, [['cancelled', 1]])
  })

  test('ends with what is kept back, and says so to whoever asks afterwards', async () => {
    const tested = await spawnTestActor({ time: 'manual' })
    const file = await tested.connect().open('/file', 'w+')
    const written = file.write('abc', 0)
    await within(5000, 'close', tested.close())
    assert.equal((await written).bytesWritten, 3)
    assert.equal(await codeOf(() => tested.faults.history()), 'ERR_URING_ACTOR_EXITED')
  })

  test('closes in spite of what it keeps back, also where its actor closes already', async () => {
    const keeping: Array<(tested: TestActor) => Promise<void>> = [
      ({ faults }) => faults.pause(),
      ({ faults }) => faults.hold(),
      ({ faults }) => faults.refuse(),
    ]
    for (const keep of keeping) {
      const tested = await spawnTestActor()
      const file = await tested.connect().open('/file', 'w')
      await keep(tested)
      const written = Promise.allSettled([file.write('abc', 0)])
      const closed = tested.actor.close()
      await within(5000, 'close', tested.close())
      await within(5000, 'the close of the actor', closed)
      // The actor may have heard of its close, and have ended, before it came to the write.
      const [outcome] = await written
      if (outcome.status === 'fulfilled') assert.equal(outcome.value.bytesWritten, 3)
      else assert.match(outcome.reason.code, /^ERR_URING_ACTOR_(CLOSING|EXITED)$/)
    }
  })

  test('is the only actor', async () => {
    await using actor = await spawnActor()
    assert.equal(await codeOf(() => spawnTestActor()), 'ERR_URING_ACTOR_EXISTS')
    assert.equal(actor.closed, false)
  })

  for (const wrap of ['io_uring', 'threadpool'] as const) {
    test(`injects faults into operations on real files: ${wrap}`, async (t) => {
      const path = temporaryFile(1 << 16)
      const rates = { short: 0.4, interrupt: 0.3, busy: 0.2 }
      const tested = await ofRealFiles({ seed: 3, rates }, wrap, t)
      if (tested === null) return
      await using _ = tested
      const { faults } = tested
      const file = await tested.connect().open(path, 'r+')
      const model = readFileSync(path)
      const random = new Random(3, 3)
      for (let round = 0; round < 20; round++) {
        const calls: Promise<unknown>[] = []
        for (let block = 0; block < 16; block++) {
          const at = block * 4096 + random.below(2000)
          const bytes = Buffer.alloc(1 + random.below(2000), random.below(256))
          if (random.chance(500)) {
            bytes.copy(model, at)
            calls.push(file.write(bytes, 0, bytes.length, at))
          } else {
            const read = file.read(bytes, 0, bytes.length, at)
            calls.push(
              read.then(({ bytesRead }) => {
                assert.equal(bytesRead, bytes.length)
                assert.deepEqual(bytes, model.subarray(at, at + bytesRead))
              }),
            )
          }
        }
        calls.push(file.datasync())
        await Promise.all(calls)
      }
      assert.deepEqual(readFileSync(path), model)
      await faults.inject({ operation: 'write', path, bytes: 5, errno: 'ENOSPC' })
      const failed = await failureOf(file.write('0123456789', 0))
      assert.deepEqual([failed.code, failed.bytesWritten], ['ENOSPC', 5])
      await faults.inject({ operation: 'fsync', errno: 'EIO' })
      assert.equal(await codeOf(() => file.sync()), 'EIO')
      assert.equal(await codeOf(() => file.sync()), 'EIO')
      assert.equal(await codeOf(() => faults.cutPower()), `TypeError: ${NO_DISK}`)
      const kinds = new Set((await faults.history()).map(({ kind }) => kind))
      assert.deepEqual([...kinds].sort(), ['busy', 'error', 'interrupt', 'short'])
    })
  }
})

const NO_DISK = "there is a simulated disk only with wrap: 'memory'"
