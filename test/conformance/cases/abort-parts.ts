// Operations of several requests that are given up in the middle: they stop after what is in flight,
// say how far they came, and leave neither data nor order behind that is not right.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { within } from '../../support/outcome.ts'
import { SlowPipe } from '../../support/pipe.ts'
import { descriptorsOf } from '../../support/process-state.ts'
import type { Context } from '../context.ts'
import { begun, EmptyPipe, givenUp, outcomeOf } from '../giving-up.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const BLOCK = 4096
const MEBI = 2 ** 20

export async function aLongWriteStopsAndTellsHowFarItCame({
  client,
  path,
}: Context): Promise<void> {
  const bytes = pattern(24 * MEBI)
  for (const delay of [0, 1, 3, 9]) {
    const file = await client.open(path(`file${delay}`), 'w+')
    const controller = new AbortController()
    const call = file.write(bytes, 0, bytes.length, 0, { signal: controller.signal })
    call.catch(() => {})
    await sleep(delay)
    controller.abort()
    const done = await call.then(
      ({ bytesWritten }) => bytesWritten,
      async () => {
        const outcome = await outcomeOf(call)
        if (outcome.state === 'finished') return bytes.length
        return outcome.state === 'cancelled' ? outcome.bytes : 0
      },
    )
    const written = fs.readFileSync(file.path)
    assertBytes(written.subarray(0, done), bytes.subarray(0, done), `the first ${done} bytes`)
    await file.close()
  }
}

export async function aLongReadWritesNothingMoreToItsBuffer({
  client,
  path,
}: Context): Promise<void> {
  const content = pattern(24 * MEBI)
  const file = await client.open(fileWith(path('file'), content))
  for (const delay of [0, 1, 2, 5]) {
    const controller = new AbortController()
    const buffer = Buffer.alloc(content.length)
    const call = file.read(buffer, 0, buffer.length, 0, { signal: controller.signal })
    call.catch(() => {})
    await sleep(delay)
    controller.abort()
    // From here on the buffer is the caller's, whatever is still in flight.
    const failed = await call.then(
      () => false,
      () => true,
    )
    if (failed) {
      buffer.fill(0x5a)
      await outcomeOf(call)
      assert.equal(
        buffer.findIndex((byte) => byte !== 0x5a),
        -1,
      )
    }
  }
  await file.close()
}

export async function aWholeFileThatIsGivenUpStopsReading({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(64 * MEBI)))
  const controller = new AbortController()
  const before = (await client.stats()).bytesRead
  const call = file.readFile({ signal: controller.signal })
  call.catch(() => {})
  await new Promise((resolve) => setImmediate(resolve))
  controller.abort()
  const outcome = await outcomeOf(call)
  const read = (await client.stats()).bytesRead - before
  if (outcome.state !== 'finished') assert.ok(read < 64 * MEBI, `${read} bytes were read`)
  await file.close()
}

export async function aBatchOfReadsEndsWithWhatIsInFlight({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(64 * BLOCK)))
  const positions = Array.from({ length: 20_000 }, (_, n) => (n % 64) * BLOCK)
  const controller = new AbortController()
  const before = (await client.stats()).taken
  const call = file.readMany(positions, BLOCK, { signal: controller.signal })
  call.catch(() => {})
  await new Promise((resolve) => setImmediate(resolve))
  controller.abort()
  const outcome = await outcomeOf(call)
  assert.notEqual(outcome.state, 'finished')
  const { taken, inFlight } = await client.stats()
  assert.ok(taken - before < 20_000)
  assert.equal(inFlight, 0)
  await file.close()
}

export async function vectorsAreTheCallersAgain(context: Context): Promise<void> {
  const { client } = context
  const pipe = new EmptyPipe(context)
  const file = await client.open(pipe.path)
  const controller = new AbortController()
  const views = [Buffer.alloc(4, '-'), Buffer.alloc(4, '-')]
  const call = file.readv(views, null, { signal: controller.signal })
  await begun(client)
  controller.abort()
  const error = await givenUp(call)
  pipe.feed('12345678')
  await error.outcome
  assert.equal(Buffer.concat(views).toString(), '--------')
  await file.close()
  pipe.close()
}

export async function aChainIsCancelledAsAWhole(context: Context): Promise<void> {
  const { client, path } = context
  const pipe = new EmptyPipe(context)
  const file = await client.open(path('file'), 'w+')
  // Only of a file that appends a chain may leave the position open, which a pipe has not.
  const slow = await client.open(pipe.path, fs.constants.O_RDONLY | fs.constants.O_APPEND)
  const controller = new AbortController()
  const buffer = Buffer.alloc(4, '-')
  const call = client.chain(
    (chain) =>
      chain
        .write(file, Buffer.from('done'), 0, 4, 0)
        .read(slow, buffer, 0, 4, null)
        .write(file, Buffer.from('never'), 0, 5, 4),
    { signal: controller.signal },
  )
  while (fs.readFileSync(file.path, 'utf8') !== 'done') await sleep(1)
  controller.abort()
  const error = await givenUp(call)
  pipe.feed('1234')
  const outcome = await error.outcome
  const content = fs.readFileSync(file.path, 'utf8')
  if (outcome.state === 'cancelled') {
    assert.equal(content, 'done')
    // The read may have got its bytes before it could be stopped.
    assert.ok([1, 2].includes(outcome.results!.length), `${outcome.results!.length} members`)
  } else {
    // The read could not be stopped; nothing was begun after it, unless the chain came through.
    assert.equal(outcome.state, 'finished')
    const [, { buffer: own }] = outcome.result as [unknown, { buffer: Uint8Array }]
    assert.equal(Buffer.from(own).toString(), '1234')
  }
  assert.equal(buffer.toString(), '----')
  await Promise.all([file.close(), slow.close()])
  pipe.close()
}

export async function theFilesPositionIsOfThoseThatRan(context: Context): Promise<void> {
  const { client, path } = context
  const content = pattern(64 * BLOCK)
  const file = await client.open(fileWith(path('file'), content))
  const controllers = Array.from({ length: 64 }, () => new AbortController())
  const calls = controllers.map(({ signal }) => file.read(Buffer.alloc(BLOCK), { signal }))
  for (let n = 0; n < 64; n += 3) controllers[n]?.abort()
  const results = await Promise.all(
    calls.map((call) =>
      call.catch(async () => {
        const outcome = await outcomeOf(call)
        assert.notEqual(outcome.state, 'cancelled')
        return outcome.state === 'finished' ? outcome.result : null
      }),
    ),
  )
  let position = 0
  for (const result of results) {
    if (result === null) continue
    const { bytesRead, buffer } = result as { bytesRead: number; buffer: Uint8Array }
    assert.equal(bytesRead, BLOCK)
    assertBytes(buffer, content.subarray(position, position + BLOCK), `at ${position}`)
    position += BLOCK
  }
  await file.close()
}

export async function whatADrainHoldsBackIsGivenUpAtOnce({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(64 * BLOCK)))
  const positions = Array.from({ length: 5000 }, (_, n) => (n % 64) * BLOCK)
  const batch = file.readMany(positions, BLOCK)
  let read = false
  void batch.then(() => {
    read = true
  })
  const controller = new AbortController()
  const drained = client.nop({ drain: true, signal: controller.signal })
  const after = client.nop()
  controller.abort()
  assert.deepEqual(await outcomeOf(drained), { state: 'not-started' })
  assert.equal(read, false, 'it did not wait for what it would have had to wait for')
  await Promise.all([batch, after])
  await file.close()
}

export async function durableWritesTellTheTruth({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const blocks = 64
  const calls = Array.from({ length: blocks }, (_, n) => {
    const controller = new AbortController()
    const bytes = Buffer.alloc(BLOCK, n + 1)
    const call = file.writeDurable(bytes, 0, BLOCK, n * BLOCK, { signal: controller.signal })
    if (n % 2 === 0) setTimeout(() => controller.abort(), n % 7)
    return call
  })
  const outcomes = await Promise.all(calls.map((call) => call.catch(() => outcomeOf(call))))
  const written = fs.readFileSync(file.path)
  outcomes.forEach((outcome, n) => {
    const block = written.subarray(n * BLOCK, (n + 1) * BLOCK)
    const state = 'state' in outcome ? outcome.state : 'finished'
    if (state === 'finished') assertBytes(block, Buffer.alloc(BLOCK, n + 1), `block ${n}`)
    if (state === 'not-started' && block.length > 0) assertBytes(block, Buffer.alloc(block.length))
  })
  await file.sync()
  await file.close()
}

export async function aStreamIsDestroyedByItsSignal(context: Context): Promise<void> {
  const { client } = context
  const pipe = new EmptyPipe(context)
  const file = await client.open(pipe.path)
  const controller = new AbortController()
  const stream = file.createReadStream({ signal: controller.signal })
  const failed = new Promise<Error>((resolve) => stream.once('error', resolve))
  const closed = new Promise<void>((resolve) => stream.once('close', resolve))
  stream.resume()
  await begun(client)
  controller.abort()
  assert.equal((await failed).name, 'AbortError')
  pipe.feed('for engines that cannot stop a read')
  await closed
  assert.equal(file.closed, true)
  pipe.close()
}

export async function closingWaitsForWhatWasGivenUp(context: Context): Promise<void> {
  const { client } = context
  const pipe = new EmptyPipe(context)
  const file = await client.open(pipe.path)
  const controller = new AbortController()
  const call = file.read(Buffer.alloc(4), { signal: controller.signal })
  await begun(client)
  controller.abort()
  const error = await givenUp(call)
  pipe.feed('1234')
  let known = false
  void error.outcome.then(() => {
    known = true
  })
  await file.close()
  assert.equal(known, true)
  pipe.close()
}

/** Given up so many microtasks after the call, each: what is told is what was read. */
export async function whatWasReadIsToldWheneverItIsGivenUp({
  client,
  path,
}: Context): Promise<void> {
  const content = pattern(4096)
  const file = await client.open(fileWith(path('file'), content))
  const calls: Array<(bytes: Buffer, signal: AbortSignal) => Promise<unknown>> = [
    (bytes, signal) => file.read(bytes, 0, 4096, 0, { signal }),
    (bytes, signal) =>
      client.chain((chain) => chain.read(file, bytes, 0, 4096, 0).nop().nop(), { signal }),
  ]
  for (const call of calls) {
    for (let later = 0; later < 400; later++) {
      const bytes = Buffer.alloc(4096)
      const controller = new AbortController()
      const called = call(bytes, controller.signal)
      for (let turn = 0; turn < later % 20; turn++) await null
      controller.abort()
      const told = await called.catch(async (error) => {
        // The buffer is the caller's again.
        bytes.fill(0xd7)
        const { state, result } = await error.outcome
        return state === 'finished' ? result : null
      })
      const read = (Array.isArray(told) ? told[0] : told) as { buffer: Uint8Array } | null
      if (read !== null) assertBytes(read.buffer, content, `${later % 20} microtasks later`)
    }
  }
  await file.close()
}

/** One of its reads has ended: that is not the end of the call. */
export async function readFileCanBeGivenUpAfterItsFirstRead({ client }: Context): Promise<void> {
  const pipe = new SlowPipe()
  const file = await client.open(pipe.path)
  const controller = new AbortController()
  const before = client.latency().read?.total.count ?? 0
  const read = file.readFile({ signal: controller.signal })
  pipe.feed(4)
  while ((client.latency().read?.total.count ?? 0) === before) await sleep(1)
  controller.abort()
  await within(10_000, 'the abort', assert.rejects(read, { name: 'AbortError' }))
  // The engine may have to wait for the read that is under way.
  pipe.feed(4)
  await file.close()
  pipe.close()
}

/** Whenever an open is given up: its file is the caller's, or is closed. */
export async function noOpenThatIsGivenUpLeavesItsFileOpen({
  client,
  path,
}: Context): Promise<void> {
  const at = fileWith(path('file'), 'content')
  for (let later = 0; later < 200; later++) {
    const controller = new AbortController()
    const called = client.open(at, 'r', null, { signal: controller.signal })
    for (let turn = 0; turn < later % 20; turn++) await null
    controller.abort()
    const file = await called.catch(async (error) => {
      await error.outcome
      return null
    })
    await file?.close()
  }
  assert.equal(descriptorsOf(fs.realpathSync(at)), 0)
}
