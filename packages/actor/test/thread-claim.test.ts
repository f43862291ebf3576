// The claim on the one actor where no addon can keep it: what a thread says and hears while several
// ask at once. The other threads are played by a channel of the test's own.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { ThreadClaim } from '#dist/host/thread-claim.js'

type Others = InstanceType<typeof BroadcastChannel>

interface Said {
  held: boolean
  threadId: number
}

/** A claim of this thread, which is 0, and the channel on which the test speaks for the others. */
function claimAndOthers(context: TestContext): { claim: ThreadClaim; others: Others } {
  const others = new BroadcastChannel('uring-actor:claim:1')
  const claim = new ThreadClaim()
  context.after(() => {
    claim.release()
    others.close()
  })
  return { claim, others }
}

async function hear(others: Others): Promise<Said> {
  const [event] = await once(others as unknown as EventTarget, 'message')
  return (event as MessageEvent).data as Said
}

test('a thread that only asks never says that it has the actor', async (context) => {
  const { claim, others } = claimAndOthers(context)
  const taken = claim.take()
  assert.deepEqual(await hear(others), { held: false, threadId: 0 })
  // A later thread asks: it hears that an earlier one asks too, no more. With "has it" a third
  // thread, earlier than both, would give way to us, and we to it.
  others.postMessage({ held: false, threadId: 5 } satisfies Said)
  assert.deepEqual(await hear(others), { held: false, threadId: 0 })
  assert.equal(await taken, true)
  others.postMessage({ held: false, threadId: 9 } satisfies Said)
  assert.deepEqual(await hear(others), { held: true, threadId: 0 })
})

test('a thread gives way to an earlier one that asks', async (context) => {
  const { claim, others } = claimAndOthers(context)
  const taken = claim.take()
  await hear(others)
  others.postMessage({ held: false, threadId: -1 } satisfies Said)
  assert.equal(await taken, false)
})

test('a thread gives way to the one that has the actor, earlier or later', async (context) => {
  const { claim, others } = claimAndOthers(context)
  const taken = claim.take()
  await hear(others)
  others.postMessage({ held: true, threadId: 7 } satisfies Said)
  assert.equal(await taken, false)
})

test('an answer that came while the thread was busy is heard before it takes it', async (context) => {
  const { claim, others } = claimAndOthers(context)
  const taken = claim.take()
  await hear(others)
  others.postMessage({ held: true, threadId: 7 } satisfies Said)
  // The time for answers is over before the event loop has had a turn.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  assert.equal(await taken, false)
})
