// client.close() with operations in flight: it waits for them, and then everything is given back.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { codeOf, within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { descriptorsOf, eventually } from '../support/process-state.ts'
import { patternBytes, temporaryDirectory, temporaryFile } from '../support/temporary.ts'

let actor: Actor
before(async () => {
  actor = await spawnActor()
})
after(() => actor.close())

test('close waits for what is in flight', async () => {
  const pipe = new SlowPipe()
  const client = connect()
  const file = await client.open(pipe.path, 'r+')
  const read = file.read(Buffer.alloc(64))
  let closed = false
  const closing = client.close().then(() => {
    closed = true
  })
  await delay(100)
  assert.equal(closed, false)
  pipe.feed(64)
  assert.equal((await within(2000, 'the read', read)).bytesRead, 64)
  await within(2000, 'close', closing)
  assert.equal(client.closed, true)
  assert.equal(descriptorsOf(pipe.path), 1, 'only the end that the test itself holds')
  pipe.close()
})

test('every write posted before close is in the file', async () => {
  const target = path.join(temporaryDirectory(), 'writes')
  const client = connect()
  const file = await client.open(target, 'w+')
  const bytes = patternBytes(300 * 4096)
  const writes = Array.from({ length: 300 }, (_, index) =>
    file.write(bytes, index * 4096, 4096, index * 4096),
  )
  const large = file.write(bytes, 0, bytes.length, bytes.length)
  await client.close()
  const results = await Promise.all([...writes, large])
  assert.ok(results.every(({ bytesWritten }) => bytesWritten > 0))
  assert.ok(readFileSync(target).equals(Buffer.concat([bytes, bytes])))
})

test('files that were left open are closed', async () => {
  const target = temporaryFile(4096)
  const client = connect()
  for (let count = 0; count < 50; count++) await client.open(target, 'r')
  assert.equal(descriptorsOf(target), 50)
  await client.close()
  assert.equal(descriptorsOf(target), 0)
})

test('a file may be closed while its client is, and afterwards', async () => {
  const pipe = new SlowPipe()
  const client = connect()
  const file = await client.open(pipe.path, 'r+')
  const [other, blocking] = [await client.open(pipe.path, 'r+'), await client.open(pipe.path, 'r+')]
  const disposed = await client.open(pipe.path, 'r+')
  const read = file.read(Buffer.alloc(8))
  // They wait for their turn, which comes when both are being closed.
  const waiting = [client.nop({ drain: true }), file.stat(), file.write('late')]
  const order: string[] = []
  const closing = client.close().then(() => order.push('client'))
  const closed = file.close().then(() => order.push('file'))
  blocking.closeSync()
  assert.deepEqual([file.closed, blocking.closed, other.closed], [true, true, false])
  await delay(50)
  assert.deepEqual(order, [], 'the close of the file waits for that of its client')
  pipe.feed(8)
  await within(2000, 'both', Promise.all([read, ...waiting, closing, closed]))
  await within(2000, 'a close afterwards', other.close())
  await disposed[Symbol.asyncDispose]()
  assert.deepEqual([other.closed, disposed.closed], [true, true])
  await Promise.all([file.close(), blocking.close(), other.close()])
  assert.throws(() => other.closeSync(), { code: 'EBADF' })
  assert.equal(await codeOf(() => other.stat()), 'EBADF')
  pipe.close()
})

test('a file may be closed after its client was closed blocking', async () => {
  const client = connect()
  const file = client.openSync(temporaryFile(4096))
  const other = client.openSync(temporaryFile(4096))
  client.closeSync()
  await file.close()
  other.closeSync()
  assert.deepEqual([file.closed, other.closed], [true, true])
})

test('a stream of a closed client fails, and its end is no second failure', async () => {
  const client = connect()
  const file = await client.open(temporaryFile(4096))
  const stream = file.createReadStream()
  await client.close()
  stream.resume()
  const [error] = (await once(stream, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ERR_URING_CLIENT_CLOSED')
  assert.equal(file.closed, true)
})

test('an open in flight is closed again', async () => {
  const target = temporaryFile(4096)
  for (let round = 0; round < 20; round++) {
    const client = connect()
    const opening = client.open(target, 'r')
    await client.close()
    assert.match((await codeOf(() => opening)) ?? 'opened', /opened|ERR_URING_CLIENT_CLOSED/)
  }
  assert.equal(descriptorsOf(target), 0)
})

test('after close every operation rejects, and a second close does nothing', async () => {
  const client = connect()
  const file = await client.open(temporaryFile(4096), 'r+')
  const lease = client.alloc(4096)
  const closing = client.close()
  await Promise.all([closing, client.close()])
  await client.close()
  client.closeSync()
  const code = 'ERR_URING_CLIENT_CLOSED'
  const calls: Array<() => unknown> = [
    () => client.nop(),
    () => client.nopSync(),
    () => client.flush(),
    () => client.flushSync(),
    () => client.open('/dev/null'),
    () => client.openSync('/dev/null'),
    () => client.alloc(4096),
    () => client.stats(),
    () => client.actorStats(),
    () => client.chain((chain) => chain.nop()),
    () => file.read(Buffer.alloc(8), 0, 8, 0),
    () => file.read(lease, 0, 8, 0),
    () => file.readSync(Buffer.alloc(8), 0, 8, 0),
    () => file.write(Buffer.alloc(8), 0, 8, 0),
    () => file.writeSync(Buffer.alloc(8), 0, 8, 0),
    () => file.writeDurable(Buffer.alloc(8), 0, 8, 0),
    () => file.readv([Buffer.alloc(8)], 0),
    () => file.writev([Buffer.alloc(8)], 0),
    () => file.readMany([0], 8),
    () => file.readFile(),
    () => file.writeFile('text'),
    () => file.stat(),
    () => file.statSync(),
    () => file.sync(),
    () => file.datasync(),
    () => file.trim(0, 4096),
    () => file.truncate(0),
    () => file.allocate(0, 4096),
    () => file.syncRange(0, 4096),
  ]
  for (const call of calls) assert.equal(await codeOf(call), code, String(call))
})

test('what is posted while close is under way is refused, not lost', async () => {
  const pipe = new SlowPipe()
  const client = connect()
  const file = await client.open(pipe.path, 'r+')
  const read = file.read(Buffer.alloc(8))
  const closing = client.close()
  const late = codeOf(() => client.nop())
  pipe.feed(8)
  await within(2000, 'the read', read)
  await within(2000, 'close', closing)
  const code = await within(2000, 'the late nop', late)
  assert.ok(code === null || code === 'ERR_URING_CLIENT_CLOSED', String(code))
  pipe.close()
})

test('closing blocking waits too', async () => {
  const target = path.join(temporaryDirectory(), 'writes')
  const client = connect()
  const file = client.openSync(target, 'w')
  const bytes = patternBytes(100 * 4096)
  const writes = Array.from({ length: 100 }, (_, index) =>
    file.write(bytes, index * 4096, 4096, index * 4096),
  )
  client.closeSync()
  assert.ok(readFileSync(target).equals(bytes))
  await within(2000, 'the writes', Promise.all(writes))
})

test('other clients of the same thread go on', async () => {
  const target = temporaryFile(65536)
  const [leaving, staying] = [connect(), connect()]
  const file = await staying.open(target, 'r')
  const reads = Array.from({ length: 500 }, () => file.read(Buffer.alloc(4096), 0, 4096, 4096))
  await leaving.nop()
  await leaving.close()
  for (const { bytesRead, buffer } of await Promise.all(reads)) {
    assert.equal(bytesRead, 4096)
    assert.ok(buffer.equals(patternBytes(4096, 4096)))
  }
  await staying.close()
  assert.ok(await eventually(() => descriptorsOf(target) === 0))
})

test('a lease may outlive its client', async () => {
  const client = connect()
  const lease = client.alloc(4096)
  await client.close()
  lease[0] = 1
  lease.release()
  lease.release()
})
