// The levels of tracing: what each records, that a change from any thread is in force at once, for every
// client, and that options which are none are refused.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client, Distribution, TraceOptions, UringFile } from '@uring-actor/client'
import { temporaryFile } from '../support/temporary.ts'
import { runTask } from '../support/thread.ts'

const path = temporaryFile(1 << 16)
const buffer = Buffer.alloc(4096)

describe('the levels of tracing', () => {
  let actor: Actor
  let client: Client
  let file: UringFile

  before(async () => {
    actor = await spawnActor()
    client = actor.connect()
    file = await client.open(path, 'r')
  })
  after(() => actor.close())

  const recorded = (): number => client.latency().read?.total.count ?? 0

  async function recordedBy(level: 'off' | 'histogram' | 'span'): Promise<number> {
    const count = recorded()
    actor.setTrace(level)
    for (let reads = 0; reads < 10; reads++) await file.read(buffer, 0, 4096, 0)
    return recorded() - count
  }

  test('histogram is the one that it begins with', () => {
    assert.equal(actor.trace, 'histogram')
    assert.equal(client.trace, 'histogram')
  })

  test('off records no times, and counts all the same', async () => {
    const { read } = (await client.stats()).operations
    assert.equal(await recordedBy('off'), 0)
    const after = (await client.stats()).operations.read!
    assert.equal(after.count, (read?.count ?? 0) + 10)
    assert.equal(after.bytes, (read?.bytes ?? 0) + 10 * 4096)
    assert.equal((await actor.stats()).trace, 'off')
  })

  test('histogram and span record the times of each operation', async () => {
    assert.equal(await recordedBy('histogram'), 10)
    assert.equal(await recordedBy('span'), 10)
  })

  test('an operation that was posted at off and delivered at histogram is not recorded', async () => {
    actor.setTrace('off')
    const count = recorded()
    const reading = file.read(buffer, 0, 4096, 0)
    actor.setTrace('histogram')
    await reading
    assert.equal(recorded(), count)
    await file.read(buffer, 0, 4096, 0)
    assert.equal(recorded(), count + 1)
  })

  test('a worker changes the level of the process', async () => {
    actor.setTrace('off')
    const task = new URL('./level-task.js', import.meta.url)
    const report = await runTask<{ before: string; recorded: number }>(task, 'setLevel', { path })
    assert.equal(report.before, 'off')
    assert.equal(report.recorded, 1)
    assert.equal(actor.trace, 'histogram')
    const count = recorded()
    await file.read(buffer, 0, 4096, 0)
    assert.equal(recorded(), count + 1)
  })

  test('a level or a share that is none is refused, and nothing is changed', () => {
    const wrong: Array<[options: unknown, code: string, message: RegExp]> = [
      ['spans', 'ERR_INVALID_ARG_VALUE', /options\.level.*off, histogram, span.*'spans'/],
      [null, 'ERR_INVALID_ARG_TYPE', /"options".*null/],
      [1, 'ERR_INVALID_ARG_TYPE', /"options".*1/],
      [{}, 'ERR_INVALID_ARG_VALUE', /options\.level/],
      [
        { level: 'span', sampel: 0.1 },
        'ERR_INVALID_ARG_VALUE',
        /options\.sampel.*level, sample, log/,
      ],
      [{ level: 'span', sample: 0 }, 'ERR_OUT_OF_RANGE', /options\.sample.*> 0 && <= 1.*0/],
      [{ level: 'span', sample: 1.01 }, 'ERR_OUT_OF_RANGE', /options\.sample/],
      [{ level: 'span', sample: Number.NaN }, 'ERR_OUT_OF_RANGE', /options\.sample/],
      [{ level: 'span', sample: '1' }, 'ERR_INVALID_ARG_TYPE', /options\.sample/],
      [{ level: 'span', log: 1 }, 'ERR_INVALID_ARG_TYPE', /options\.log/],
      [{ level: 'histogram', log: true }, 'ERR_INVALID_ARG_VALUE', /options\.log.*span/],
    ]
    for (const [options, code, message] of wrong) {
      for (const target of [actor, client]) {
        assert.throws(() => target.setTrace(options as TraceOptions), { code, message })
      }
    }
    assert.equal(actor.trace, 'histogram')
  })
})

test('an actor that is closed, or closes, takes no level any more', async () => {
  const actor = await spawnActor()
  const closed = actor.close()
  assert.throws(() => actor.setTrace('off'), { code: 'ERR_URING_ACTOR_EXITED' })
  await closed
  assert.throws(() => actor.setTrace('off'), { code: 'ERR_URING_ACTOR_EXITED' })
  assert.equal(actor.trace, 'histogram')
})

describe('the figures that stats() tells', () => {
  test('are in order, and sum up', async (t) => {
    await using actor = await spawnActor()
    const client = actor.connect()
    const file = await client.open(path, 'r')
    const reads = Array.from({ length: 200 }, (_, index) =>
      file.read(Buffer.alloc(512), 0, 512, index * 64),
    )
    await Promise.all(reads)
    const stats = await client.stats()
    const { read } = stats.operations
    assert.ok(read !== undefined)
    for (const name of ['total', 'busy', 'idle', 'queue', 'batch', 'kernel', 'delivery'] as const) {
      const { count, p50, p90, p99, p999, max, mean }: Distribution = read[name]
      assert.equal(count, 200, name)
      assert.ok(0 <= p50 && p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max, name)
      assert.ok(mean >= 0 && mean <= max, name)
    }
    const means = read.queue.mean + read.batch.mean + read.kernel.mean + read.delivery.mean
    assert.ok(Math.abs(means - read.total.mean) < 1e-3, `${means} and ${read.total.mean}`)
    assert.ok(Math.abs(read.busy.mean + read.idle.mean - read.total.mean) < 1e-3)
    assert.deepEqual(read.total, client.latency().read!.total)
    const actors = await actor.stats()
    assert.equal(actors.operations.read!.count, 200)
    assert.equal(actors.batch.count > 0, true)
    t.diagnostic(String(stats))
  })

  test('are a table of 80 columns when they are printed', async () => {
    await using actor = await spawnActor()
    const client = actor.connect()
    await client.nop()
    await assert.rejects(client.open('/nonexistent/file'), { code: 'ENOENT' })
    for (const text of [String(await actor.stats()), String(await client.stats())]) {
      const lines = text.split('\n')
      assert.match(lines[0]!, /^(actor, .*trace histogram|client 1, thread 0, .*)$/)
      assert.match(text, /^nop: 1, 0 errors$/m)
      assert.match(text, /^open: 1, 1 errors \(ENOENT 1\)$/m)
      assert.equal(lines.length, 2 + 2 * 8)
      for (const line of lines.slice(1)) assert.ok(line.length <= 80, line)
    }
    assert.deepEqual((await client.stats()).operations.open!.errorCodes, { ENOENT: 1 })
  })
})
