// { signal } on every operation: what is given up rejects at once, and its outcome tells what became of
// it. An engine may be unable to stop what has begun: then it finishes anyway, and says so.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AbortError } from '@uring-actor/client'
import type { Context } from '../context.ts'
import { begun, callsOf, EmptyPipe, givenUp, outcomeOf } from '../giving-up.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const BLOCK = 4096
const NOT_STARTED = { state: 'not-started' }

async function openBlocks({ client, path }: Context) {
  const at = fileWith(path('file'), pattern(8 * BLOCK))
  return client.open(at, 'r+', null, { blockSize: BLOCK })
}

export async function anAbortedSignalPostsNothing(context: Context): Promise<void> {
  const { client } = context
  const file = await openBlocks(context)
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  const { taken } = await client.stats()
  for (const { name, run } of callsOf(client, file)) {
    const error = (await givenUp(run({ signal }))) as AbortError
    assert.equal(error.name, 'AbortError', name)
    assert.equal(error.code, 'ABORT_ERR', name)
    assert.equal(error.message, 'The operation was aborted')
    assert.equal(error.cause, reason, name)
    assert.deepEqual(await error.outcome, NOT_STARTED, name)
  }
  assert.equal((await client.stats()).taken, taken)
  assertBytes(fs.readFileSync(file.path), pattern(8 * BLOCK))
  await file.close()
}

export async function aSignalThatStaysQuietChangesNothing(context: Context): Promise<void> {
  const { client } = context
  const file = await openBlocks(context)
  const { signal } = new AbortController()
  for (const { name, run } of callsOf(client, file)) {
    await run({ signal, timeout: 60_000 })
    assert.equal(getEventListeners(signal, 'abort').length, 0, `${name} left a listener`)
  }
  await assert.rejects(client.open('/does/not/exist', 'r', null, { signal }), { code: 'ENOENT' })
  assert.equal(getEventListeners(signal, 'abort').length, 0, 'a failure left a listener')
  await file.close()
}

export async function whatIsAbortedWhenPostedRejectsAtOnce(context: Context): Promise<void> {
  const { client } = context
  const file = await openBlocks(context)
  for (const { name, run } of callsOf(client, file)) {
    const controller = new AbortController()
    const call = run({ signal: controller.signal })
    const settled = Promise.race([
      call.then(() => 'done').catch(() => 'rejected'),
      sleep(0, 'late'),
    ])
    controller.abort()
    assert.equal(await settled, 'rejected', name)
    const outcome = await outcomeOf(call)
    assert.ok(['not-started', 'cancelled', 'finished'].includes(outcome.state), name)
    if (outcome.state === 'finished') assert.equal(outcome.error, undefined, name)
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0, name)
  }
  await client.nop()
  await file.close()
}

export async function aReadOfAnEmptyPipeIsStopped(context: Context): Promise<void> {
  const { client } = context
  const pipe = new EmptyPipe(context)
  const file = await client.open(pipe.path)
  const controller = new AbortController()
  const buffer = Buffer.alloc(100, '-')
  const call = file.read(buffer, 0, 100, null, { signal: controller.signal })
  await begun(client)
  controller.abort('no longer')
  const error = await givenUp(call)
  assert.equal(error.cause, 'no longer')
  pipe.feed('anything')
  const outcome = await error.outcome
  if (outcome.state === 'finished') {
    const { bytesRead, buffer: own } = outcome.result as { bytesRead: number; buffer: Uint8Array }
    assert.equal(bytesRead, 8)
    assert.equal(
      Buffer.from(own).toString(),
      'anything',
      'what was taken from the pipe is not lost',
    )
  } else {
    assert.deepEqual(outcome, { state: 'cancelled', bytes: 0 })
    assert.equal((await file.read(Buffer.alloc(100))).bytesRead, 8)
  }
  assertBytes(buffer, Buffer.alloc(100, '-'), 'nothing is written after the promise has rejected')
  await file.close()
  pipe.close()
}

export async function memoryIsHeldUntilTheOutcomeIsKnown(context: Context): Promise<void> {
  const { client } = context
  const pipe = new EmptyPipe(context)
  const file = await client.open(pipe.path)
  for (let round = 0; round < 3; round++) {
    const controller = new AbortController()
    const lease = client.alloc(BLOCK)
    const at = lease.byteOffset
    const call = file.read(lease, { signal: controller.signal })
    await begun(client)
    lease.release()
    controller.abort()
    const error = await givenUp(call)
    let known = false
    void error.outcome.then(() => {
      known = true
    })
    const leases = Array.from({ length: 4 }, () => client.alloc(BLOCK))
    // Synchronously after the abort nothing can be known, so the memory is nobody else's.
    assert.equal(known, false)
    assert.ok(!leases.some(({ byteOffset }) => byteOffset === at), 'handed out while in flight')
    for (const each of leases) each.release()
    pipe.feed('x')
    await error.outcome
    if ((await error.outcome).state === 'cancelled') await file.read(Buffer.alloc(1))
  }
  await file.close()
  pipe.close()
}

export async function anOpenThatFinishesAnywayIsClosedAgain(context: Context): Promise<void> {
  const { client, path } = context
  const at = fileWith(path('file'), 'text')
  const before = (await client.actorStats()).openFiles
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      const controller = new AbortController()
      const call = client.open(at, 'r', null, { signal: controller.signal })
      const late = n % 4 > 0 ? sleep(n % 4 === 3 ? 1 : 0) : Promise.resolve()
      void late.then(() => controller.abort())
      try {
        return await (await call).close()
      } catch {
        return outcomeOf(call)
      }
    }),
  )
  for (const outcome of outcomes) {
    if (outcome === undefined || outcome.state !== 'finished') continue
    const file = outcome.result as Awaited<ReturnType<typeof client.open>>
    assert.equal(file.closed, true)
    await assert.rejects(file.read(Buffer.alloc(4), 0, 4, 0), { code: 'EBADF' })
  }
  assert.equal((await client.actorStats()).openFiles, before, 'no handle is left open')
}

export async function whoWaitsInLineLeavesIt({ client }: Context): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  const quiet = Array.from({ length: 1500 }, () => client.nop())
  const aborted = Array.from({ length: 1500 }, () => client.nop({ signal }))
  const after = Array.from({ length: 1500 }, () => client.nop())
  assert.equal(getEventListeners(signal, 'abort').length, 1, 'one listener for all')
  controller.abort()
  const outcomes = await Promise.all(aborted.map(outcomeOf))
  // The channel was full, or nothing of these had been published yet.
  assert.ok(outcomes.every(({ state }) => state === 'not-started' || state === 'finished'))
  await Promise.all([...quiet, ...after])
  assert.equal(getEventListeners(signal, 'abort').length, 0)
}

export async function tenThousandShareASignal({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(BLOCK)))
  const { signal } = new AbortController()
  const warnings: string[] = []
  const warned = (warning: Error): void => {
    warnings.push(warning.name)
  }
  process.on('warning', warned)
  let most = 0
  for (let batch = 0; batch < 20; batch++) {
    const reads = Array.from({ length: 500 }, () =>
      file.read(Buffer.alloc(16), { position: 0, signal }),
    )
    most = Math.max(most, getEventListeners(signal, 'abort').length)
    await Promise.all(reads)
  }
  await sleep(0)
  process.off('warning', warned)
  assert.equal(most, 1)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.deepEqual(
    warnings.filter((name) => name === 'MaxListenersExceededWarning'),
    [],
  )
  await file.close()
}

export async function anAbortThatComesTooLateIsNone(context: Context): Promise<void> {
  const { client } = context
  const file = await openBlocks(context)
  const controller = new AbortController()
  const { signal } = controller
  const { bytesRead } = await file.read(Buffer.alloc(BLOCK), { position: 0, signal })
  controller.abort()
  assert.equal(bytesRead, BLOCK)
  await client.nop()
  await file.close()
}

export async function wrongOptionsAreRefused(context: Context): Promise<void> {
  const { client } = context
  const file = await openBlocks(context)
  for (const { name, run } of callsOf(client, file)) {
    for (const signal of [null, 5, 'text', {}, new AbortController()]) {
      await assert.rejects(
        run({ signal: signal as never }),
        {
          name: 'TypeError',
          code: 'ERR_INVALID_ARG_TYPE',
          message: /^The "options\.signal" property must be an instance of AbortSignal\. Received/,
        },
        name,
      )
    }
    await assert.rejects(run({ noWait: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' }, name)
  }
  await file.close()
}

export async function blockingCallsTakeNoSignal(context: Context): Promise<void> {
  const { client } = context
  const file = await openBlocks(context)
  const bytes = Buffer.alloc(8)
  const { signal } = new AbortController()
  for (const options of [{ signal }, { timeout: 5 }, { noWait: true }]) {
    const refused = { code: 'ERR_INVALID_ARG_VALUE', message: /is for asynchronous calls only/ }
    assert.throws(() => client.openSync(file.path, 'r', null, options), refused)
    assert.throws(() => file.readSync(bytes, options as object), refused)
    assert.throws(() => file.writeSync(bytes, options as object), refused)
    assert.throws(() => file.writeDurableSync(bytes, options as object), refused)
    assert.throws(() => file.statSync(options as object), refused)
    assert.throws(() => file.readFileSync(options as object), refused)
    assert.throws(() => file.writeFileSync('text', options as object), refused)
  }
  await file.close()
}
