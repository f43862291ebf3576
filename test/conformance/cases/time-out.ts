// { timeout } on every operation: ERR_URING_TIMEOUT after so many milliseconds, and an outcome.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { TimeoutError, UringError } from '@uring-actor/client'
import type { Context } from '../context.ts'
import { callsOf, EmptyPipe, givenUp } from '../giving-up.ts'
import { fileWith, pattern } from '../ways.ts'

const BLOCK = 4096

export async function aReadThatTakesTooLongIsGivenUp(context: Context): Promise<void> {
  const { client } = context
  const pipe = new EmptyPipe(context)
  const file = await client.open(pipe.path)
  for (const timeout of [1, 30]) {
    const began = performance.now()
    const error = await givenUp(file.read(Buffer.alloc(8), { timeout }))
    assert.ok(performance.now() - began >= timeout - 1)
    assert.ok(error instanceof TimeoutError && error instanceof UringError)
    assert.equal(error.code, 'ERR_URING_TIMEOUT')
    assert.equal(error.message, `the operation was given up after ${timeout} ms`)
    pipe.feed('anything')
    const outcome = await error.outcome
    if (outcome.state !== 'finished') await file.read(Buffer.alloc(8))
  }
  await file.close()
  pipe.close()
}

export async function noTimeAtAllPostsNothing({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(8 * BLOCK))
  const file = await client.open(at, 'r+', null, { blockSize: BLOCK })
  const { taken } = await client.stats()
  for (const { name, run } of callsOf(client, file)) {
    const error = await givenUp(run({ timeout: 0 }))
    assert.ok(error instanceof TimeoutError, name)
    assert.deepEqual(await error.outcome, { state: 'not-started' }, name)
  }
  assert.equal((await client.stats()).taken, taken)
  await file.close()
}

export async function whatIsThereInTimeIsNotLostToABusyThread(context: Context): Promise<void> {
  const { client, path } = context
  const file = await client.open(fileWith(path('file'), pattern(BLOCK)))
  for (let round = 0; round < 3; round++) {
    const call = file.read(Buffer.alloc(BLOCK), { position: 0, timeout: 5 })
    // Published, and completed by now; but this thread is busy until the time has passed.
    await Promise.resolve()
    const until = performance.now() + 300
    while (performance.now() < until);
    assert.equal((await call).bytesRead, BLOCK)
  }
  await file.close()
}

export async function signalAndTimeOutGoTogether(context: Context): Promise<void> {
  const { client } = context
  const pipe = new EmptyPipe(context)
  const file = await client.open(pipe.path)
  const controller = new AbortController()
  const both = { signal: controller.signal, timeout: 5 }
  const error = await givenUp(file.read(Buffer.alloc(4), both))
  assert.ok(error instanceof TimeoutError)
  controller.abort()
  pipe.feed('1234')
  if ((await error.outcome).state !== 'finished') await file.read(Buffer.alloc(4))
  const other = new AbortController()
  const call = file.read(Buffer.alloc(4), { signal: other.signal, timeout: 60_000 })
  await sleep(2)
  other.abort()
  assert.equal((await givenUp(call)).name, 'AbortError')
  pipe.feed('1234')
  await (await givenUp(call)).outcome
  await file.close()
  pipe.close()
}

export async function wrongTimesAreRefused({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(8 * BLOCK))
  const file = await client.open(at, 'r+', null, { blockSize: BLOCK })
  for (const { name, run } of callsOf(client, file)) {
    for (const timeout of [null, '5', 5n, {}]) {
      const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
      await assert.rejects(run({ timeout: timeout as never }), type, name)
    }
    for (const timeout of [-1, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY]) {
      const range = {
        name: 'RangeError',
        code: 'ERR_OUT_OF_RANGE',
        message: /"options\.timeout" is out of range\. It must be >= 0 && <= 2147483647\. Received/,
      }
      await assert.rejects(run({ timeout }), range, name)
    }
  }
  await file.close()
}
