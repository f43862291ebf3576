// What the kernel itself cancels, and what not: exactly, on io_uring. The same calls on any engine are in
// the conformance suite, where an operation may also finish anyway.
import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { AbortError, Client, OperationOutcome, UringFile } from '@uring-actor/client'
import { within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { eventually } from '../support/process-state.ts'
import { patternBytes, temporaryDirectory, temporaryFile } from '../support/temporary.ts'

const BLOCK = 4096
const CANCELLED: OperationOutcome = { state: 'cancelled', bytes: 0 }

let actor: Actor
let client: Client
let skip: string | false = false

before(async () => {
  actor = await spawnActor({ channelDepth: 8, queueDepth: 64, arenaBytes: 4 * 2 ** 20 })
  client = actor.connect()
  if (actor.engine !== 'io_uring') skip = `the engine is ${actor.engine}`
})
after(async () => {
  await client.close()
  await actor.close()
})

async function outcomeOf(call: Promise<unknown>): Promise<OperationOutcome | 'in time'> {
  try {
    await call
    return 'in time'
  } catch (error) {
    const { outcome } = error as AbortError
    if (outcome === undefined) throw error
    return within(20_000, 'the outcome', outcome)
  }
}

/** All of the calls were taken, and what could be begun was. */
async function inFlight(count: number): Promise<void> {
  const reached = await eventually(async () => (await client.stats()).inFlight === count)
  assert.ok(reached, `${(await client.stats()).inFlight} in flight, not ${count}`)
}

function aborted<T>(count: number, call: (signal: AbortSignal) => Promise<T>) {
  const controller = new AbortController()
  const outcomes = Array.from({ length: count }, () => outcomeOf(call(controller.signal)))
  return { controller, outcomes: Promise.all(outcomes) }
}

describe('reads of an empty pipe', () => {
  let pipe: SlowPipe
  let file: UringFile
  before(async () => {
    pipe = new SlowPipe()
    file = await client.open(pipe.path)
  })
  after(async () => {
    await file.close()
    pipe.close()
  })

  test('are cancelled in flight, staged or not', async (t) => {
    if (skip) return t.skip(skip)
    for (let round = 0; round < 50; round++) {
      const lease = client.alloc(BLOCK)
      const { controller, outcomes } = aborted(4, (signal) =>
        file.read(round % 2 ? lease : Buffer.alloc(10), { signal }),
      )
      lease.release()
      await inFlight(4)
      controller.abort()
      assert.deepEqual(await outcomes, [CANCELLED, CANCELLED, CANCELLED, CANCELLED])
    }
    assert.equal((await client.stats()).inFlight, 0)
  })

  test('are cancelled also when the channel is full, and who waits for room has not begun', async (t) => {
    if (skip) return t.skip(skip)
    const { controller, outcomes } = aborted(12, (signal) =>
      file.read(Buffer.alloc(10), { signal }),
    )
    await inFlight(8)
    controller.abort()
    const states = (await outcomes).map((outcome) => (outcome as OperationOutcome).state)
    assert.deepEqual(states.slice(0, 8), new Array(8).fill('cancelled'))
    assert.deepEqual(states.slice(8), new Array(4).fill('not-started'))
    await client.nop()
  })

  test('one of many is cancelled, and the bytes go to the others', async (t) => {
    if (skip) return t.skip(skip)
    const controllers = Array.from({ length: 6 }, () => new AbortController())
    const calls = controllers.map(({ signal }) =>
      file.read(Buffer.alloc(1), { signal }).catch((error) => (error as AbortError).outcome),
    )
    await inFlight(6)
    controllers[2]!.abort()
    controllers[3]!.abort()
    assert.deepEqual([await calls[2], await calls[3]], [CANCELLED, CANCELLED])
    pipe.feed(4)
    const others = await Promise.all([0, 1, 4, 5].map((index) => calls[index]))
    assert.ok(others.every((result) => (result as { bytesRead: number }).bytesRead === 1))
  })

  test('are given up after their time, and the lease is free again afterwards', async (t) => {
    if (skip) return t.skip(skip)
    const lease = client.alloc(BLOCK)
    const { byteOffset } = lease
    const call = file.read(lease, { timeout: 500 })
    lease.release()
    assert.deepEqual(await outcomeOf(call), CANCELLED)
    const next = client.alloc(BLOCK)
    assert.equal(next.byteOffset, byteOffset)
    next.release()
  })

  test('in a chain end the chain there', async (t) => {
    if (skip) return t.skip(skip)
    // Only of a file that appends a chain may leave the position open, which a pipe has not.
    const slow = await client.open(pipe.path, constants.O_RDONLY | constants.O_APPEND)
    const written = await client.open(`${temporaryDirectory()}/file`, 'w')
    const lease = client.alloc(2 ** 20)
    for (let round = 0; round < 100; round++) {
      const { controller, outcomes } = aborted(1, (signal) =>
        client.chain(
          (chain) =>
            chain
              .write(written, lease, 0, 2 ** 20, 0)
              .read(slow, Buffer.alloc(8))
              .nop(),
          { signal },
        ),
      )
      // A worker of the kernel writes: that is not stopped, and the read behind it not found yet.
      await inFlight(3)
      const until = performance.now() + (round % 20) / 20
      while (performance.now() < until);
      controller.abort()
      const [outcome] = await outcomes
      assert.equal((outcome as OperationOutcome).state, 'cancelled')
    }
    lease.release()
    await Promise.all([slow.close(), written.close()])
  })

  test('do not keep a file or a client from closing', async (t) => {
    if (skip) return t.skip(skip)
    const other = actor.connect()
    const slow = await other.open(pipe.path)
    const controller = new AbortController()
    const outcome = outcomeOf(slow.read(Buffer.alloc(8), { signal: controller.signal }))
    const closed = slow.close()
    setTimeout(() => controller.abort(), 20)
    await within(20_000, 'close()', closed)
    assert.equal(((await outcome) as OperationOutcome).state, 'cancelled')
    await other.close()
  })
})

test('direct reads that the device has: no byte comes after the outcome', async () => {
  const path = temporaryFile(64 * 65536)
  const file = await client.open(path, constants.O_RDONLY | (constants.O_DIRECT ?? 0))
  for (let round = 0; round < 40; round++) {
    const leases = Array.from({ length: 8 }, () => client.alloc(65536))
    for (const lease of leases) lease.fill(0xee)
    const controller = new AbortController()
    const calls = leases.map((lease, n) =>
      outcomeOf(
        file.read(lease, 0, 65536, ((round * 8 + n) % 64) * 65536, { signal: controller.signal }),
      ),
    )
    for (let turn = round % 4; turn > 0; turn--)
      await new Promise((resolve) => setImmediate(resolve))
    controller.abort()
    for (const [n, outcome] of (await Promise.all(calls)).entries()) {
      const expected = patternBytes(65536, ((round * 8 + n) % 64) * 65536)
      const bytes = leases[n]!
      if (outcome === 'in time' || outcome.state === 'finished') assert.ok(expected.equals(bytes))
      if (outcome !== 'in time' && outcome.state === 'not-started') {
        assert.ok(
          bytes.every((byte) => byte === 0xee),
          'it did nothing',
        )
      }
      bytes.fill(0x11)
    }
    if (round % 8 === 0) await sleep(10)
    assert.ok(leases.every((lease) => lease.every((byte) => byte === 0x11)))
    for (const lease of leases) lease.release()
  }
  await file.close()
})

test("what the kernel's workers have in line is stopped, and what they do is done", async () => {
  const path = `${temporaryDirectory()}/file`
  const file = await client.open(path, 'w+')
  const lease = client.alloc(2 ** 19)
  const seen = new Set<string>()
  for (let round = 0; round < 60; round++) {
    const { controller, outcomes } = aborted(8, (signal) =>
      file.write(lease, 0, 2 ** 19, 0, { signal }),
    )
    const synced = outcomeOf(file.datasync({ signal: controller.signal }))
    for (let turn = round % 5; turn > 0; turn--)
      await new Promise((resolve) => setImmediate(resolve))
    controller.abort()
    for (const outcome of [...(await outcomes), await synced]) {
      if (outcome === 'in time') continue
      seen.add(outcome.state)
      assert.ok(outcome.state !== 'finished' || outcome.error === undefined, String(outcome))
    }
  }
  assert.ok(seen.has('not-started') && seen.size > 1, [...seen].join())
  await file.sync()
  assert.equal((await client.stats()).inFlight, 0)
  lease.release()
  await file.close()
})
