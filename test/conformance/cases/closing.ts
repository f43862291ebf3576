// Closing: what is in flight completes, what follows is refused, and the descriptor is gone.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { connect } from '@uring-actor/client'
import { within } from '../../support/outcome.ts'
import { SlowPipe } from '../../support/pipe.ts'
import type { Context } from '../context.ts'
import { fileWith, outcome, pattern, WAYS } from '../ways.ts'

function isOpen(path: string): boolean {
  return fs.readdirSync('/proc/self/fd').some((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  })
}

export async function closeGivesTheDescriptorBack({ client, path }: Context): Promise<void> {
  const at = fs.realpathSync(fileWith(path('file'), 'content'))
  for (const way of WAYS) {
    const file = await way.open(client, at)
    assert.equal(isOpen(at), true)
    assert.equal(file.closed, false)
    await way.call(file, 'close')
    assert.equal(file.closed, true)
    assert.equal(isOpen(at), false)
  }
}

export async function closeWaitsForWhatIsInFlightOrInLine({
  client,
  path,
}: Context): Promise<void> {
  const block = 4096
  // Eight are in flight also in the smallest channel of these tests; 3000 are in none.
  for (const [method, blocks] of [
    ['closeSync', 8],
    ['close', 8],
    ['close', 3000],
  ] as const) {
    const at = path(`${method}-${blocks}`)
    const file = await client.open(at, 'w')
    const writes = Array.from({ length: blocks }, (_, index) =>
      file.write(pattern(block, index), 0, block, index * block),
    )
    const long = method === 'close' ? file.datasync() : null
    const closed = file[method]()
    assert.equal(file.closed, true)
    await assert.rejects(file.write(pattern(block)), { code: 'EBADF', message: 'file closed' })
    await assert.rejects(file.stat(), { code: 'EBADF', message: 'file closed' })
    await closed
    await long
    for (const { bytesWritten } of await Promise.all(writes)) assert.equal(bytesWritten, block)
    const expected = Buffer.concat(Array.from({ length: blocks }, (_, n) => pattern(block, n)))
    assert.equal(Buffer.compare(fs.readFileSync(at), expected), 0)
  }
}

export async function closeWaitsForNoOtherFile({ client, path }: Context): Promise<void> {
  const pipe = new SlowPipe()
  const slow = await client.open(pipe.path)
  const bytes = Buffer.alloc(4)
  const reads = [slow.readv([bytes]), slow.read(bytes, { signal: new AbortController().signal })]
  for (const name of ['first', 'second']) {
    const file = await client.open(path(name), 'w')
    const written = file.writeFile('content')
    await within(10_000, 'the close of another file', file.close())
    await written
    assert.equal(fs.readFileSync(path(name), 'utf8'), 'content')
  }
  // The pipe's own close waits, as node:fs's does.
  const closed = slow.close().then(() => 'closed')
  assert.equal(await Promise.race([closed, setTimeout(20, 'waits')]), 'waits')
  pipe.feed(8)
  await Promise.all(reads)
  assert.equal(await closed, 'closed')
  pipe.close()
}

export async function closeWaitsForWhatADrainedOneHoldsBack({
  client,
  path,
}: Context): Promise<void> {
  const pipe = new SlowPipe()
  const slow = await client.open(pipe.path)
  const file = await client.open(path('file'), 'w')
  const read = slow.readv([Buffer.alloc(4)])
  const drained = file.write('drained, ', null, 'utf8', { drain: true })
  const chained = client.chain((chain) => chain.write(file, Buffer.from('chained'), 0, 7, 9))
  const closed = file.close().then(() => 'closed')
  assert.equal(await Promise.race([closed, setTimeout(20, 'waits')]), 'waits')
  pipe.feed(4)
  await Promise.all([read, drained, chained])
  assert.equal(await closed, 'closed')
  assert.equal(fs.readFileSync(path('file'), 'utf8'), 'drained, chained')
  await slow.close()
  pipe.close()
}

export async function anythingAfterCloseFailsAsInNode({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), 'content')
  const file = await client.open(at, 'r+')
  const handle = await fs.promises.open(at, 'r+')
  await file.close()
  await handle.close()
  const bytes = Buffer.alloc(4)
  const calls: Array<[string, unknown[]]> = [
    ['read', [bytes, 0, 4, 0]],
    ['write', [bytes, 0, 4, 0]],
    ['write', ['text']],
    ['readv', [[bytes], 0]],
    ['writev', [[bytes], 0]],
    ['readFile', []],
    ['writeFile', ['text']],
    ['appendFile', ['text']],
    ['stat', []],
    ['truncate', [1]],
    ['sync', []],
    ['datasync', []],
    ['chmod', [0o600]],
    ['chown', [0, 0]],
    ['utimes', [1, 1]],
  ]
  for (const [method, given] of calls) {
    const called = (target: object) => () =>
      (target as Record<string, (...given: unknown[]) => unknown>)[method]!(...given)
    // Node gives no errno here, and its method for the system call; ours are as the kernel's.
    const facts = async (target: object) => ({
      ...((await outcome(called(target))) as object),
      errno: -9,
      syscall: undefined,
    })
    assert.deepEqual(await facts(file), await facts(handle), method)
  }
}

export async function closingTwiceIsNoError({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  await Promise.all([file.close(), file.close()])
  await file.close()
  assert.equal(file.closed, true)
}

export async function asyncDisposeCloses({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  await file[Symbol.asyncDispose]()
  assert.equal(file.closed, true)
  await file[Symbol.asyncDispose]()
}

export async function aClosedFileNeverReachesTheOneAfterIt({
  client,
  path,
}: Context): Promise<void> {
  const first = await client.open(fileWith(path('first'), 'first'), 'r+')
  await first.close()
  const second = await client.open(fileWith(path('second'), 'second'), 'r+')
  await assert.rejects(first.write('XXXX', 0), { code: 'EBADF' })
  assert.throws(() => first.writeSync('XXXX', 0), { code: 'EBADF' })
  assert.equal(fs.readFileSync(path('second'), 'utf8'), 'second')
  await second.close()
}

export async function whatWasCalledBeforeTheClientClosedIsDone({
  client,
  path,
}: Context): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const other = connect()
    const at = fileWith(path(`file-${round}`), pattern(4096))
    const file = await other.open(at, 'r+')
    // What is called next has to wait for its turn.
    const before = [file.stat(), other.nop({ drain: true })]
    const calls = [
      file.write(Buffer.alloc(10), 0, 10, 0),
      file.datasync(),
      file.allocate(0, 8192),
      file.truncate(4096),
      file.stat(),
      file.readMany([0, 100], 10),
      file.writev([Buffer.alloc(10), Buffer.alloc(5)], 100),
      file.readv([Buffer.alloc(10), Buffer.alloc(5)], 100),
      file.readFile(),
      other.chain((chain) => chain.nop().datasync(file)),
      other.open(at),
      file.sync(),
      other.flush(),
    ]
    const closed = other.close()
    await assert.rejects(file.datasync(), { code: 'ERR_URING_CLIENT_CLOSED' })
    await assert.rejects(other.open(at), { code: 'ERR_URING_CLIENT_CLOSED' })
    await Promise.all([...before, ...calls])
    await closed
  }
  await client.nop()
}
