// Single requests, made by hand, that would end the process, or take memory from under the kernel, if
// the actor believed them.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect, type UringFile } from '@uring-actor/client'
import {
  CHANNEL_DETACHED,
  CHANNEL_SLOT,
  OPERATION_CHMOD,
  OPERATION_CLOSE,
  OPERATION_DETACH,
  OPERATION_NOP,
  OPERATION_OPEN,
  OPERATION_READ,
  OPERATION_STAT,
  OPERATION_UTIMES,
  OPERATION_WRITE,
  REQUEST_DRAIN,
  REQUEST_LINK,
} from '@uring-actor/client/protocol'
import { within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { eventually } from '../support/process-state.ts'
import { patternBytes, temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { RawClient } from './raw-client.ts'

const EBADF = -9
const EFAULT = -14
const EINVAL = -22
const ENAMETOOLONG = -36
const MAX_FILES = 32

let actor: Actor
let victim: Client
let file: UringFile
const secret = temporaryFile(65536, 'secret')
before(async () => {
  actor = await spawnActor({ arenaBytes: 2 ** 20, channelDepth: 64, maxFiles: MAX_FILES })
  victim = connect()
  file = await victim.open(secret, 'r+')
})
after(async () => {
  await file.close()
  await victim.close()
  await actor.close()
})

async function assertUnharmed(): Promise<void> {
  const { buffer } = await within(5000, 'the victim', file.read(Buffer.alloc(4096), 0, 4096, 4096))
  assert.ok(buffer.equals(patternBytes(4096, 4096)))
  await within(5000, 'stats', actor.stats())
}

async function withHostile(use: (client: RawClient) => Promise<void>): Promise<void> {
  const client = await new RawClient(actor.address).connect()
  await use(client)
  await client.leave()
  const gone = await eventually(async () => (await actor.stats()).clients.length === 1)
  assert.ok(gone, 'the hostile client is left')
  await assertUnharmed()
}

async function open(client: RawClient, name: string, flags: number): Promise<[number, number]> {
  const len = client.setPath(name)
  const { res, extra } = await client.call({ operation: OPERATION_OPEN, len, rwFlags: flags })
  assert.ok(res >= 0, `open: ${res}`)
  return [res, extra]
}

test('to leave while operations are in flight: refused, and nothing is let go', async () => {
  const pipe = new SlowPipe()
  await withHostile(async (client) => {
    const [fd, generation] = await open(client, pipe.path, 2)
    const read = { operation: OPERATION_READ, fd, generation, len: 8, offLow: -1, offHigh: -1 }
    const reading = client.write(read)
    const leaving = client.write({ operation: OPERATION_DETACH })
    client.publish()
    let left: number[] = []
    assert.ok(
      await eventually(() => {
        left.push(...client.take().map(({ user, res }) => (user === leaving ? res : 1)))
        return left.length > 0
      }),
    )
    assert.deepEqual(left, [EINVAL])
    left = []
    pipe.feed(8)
    const done = await eventually(() => {
      for (const { user, res } of client.take()) if (user === reading) left.push(res)
      return left.length > 0
    })
    assert.ok(done && left[0] === 8, `the read: ${left}`)
    assert.equal(Buffer.from(client.bytes.slice(0, 8)).toString(), 'pppppppp')
    const { res } = await client.call({ operation: OPERATION_DETACH, flags: REQUEST_DRAIN })
    assert.deepEqual([res, client.state], [0, CHANNEL_DETACHED])
  })
  pipe.close()
})

test('modes of 32 bits, at which node:fs would abort the process', async () => {
  const name = path.join(temporaryDirectory(), 'mode')
  await withHostile(async (client) => {
    const len = client.setPath(name)
    const create = { operation: OPERATION_OPEN, len, rwFlags: 0o102, offLow: -1, offHigh: -1 }
    const { res: fd, extra: generation } = await client.call(create)
    assert.ok(fd > 0)
    for (const offLow of [-1, 2 ** 31 - 1, -(2 ** 31)]) {
      const { res } = await client.call({ operation: OPERATION_CHMOD, fd, generation, offLow })
      assert.equal(res, 0)
    }
    new Float64Array(client.arena, 0, 2).set([Number.NaN, Number.POSITIVE_INFINITY])
    const utimes = { operation: OPERATION_UTIMES, fd, generation, len: 16 }
    assert.equal((await client.call(utimes)).res, EINVAL)
  })
})

test('paths that are too long are not even copied; broken ones give an error', async () => {
  await withHostile(async (client) => {
    client.bytes.fill(0x61)
    const openOf = (len: number, addrLow: number = 0) =>
      client.call({ operation: OPERATION_OPEN, len, addrLow }).then(({ res }) => res)
    assert.equal(await openOf(2 ** 20), ENAMETOOLONG)
    assert.equal(await openOf(-1), ENAMETOOLONG)
    assert.equal(await openOf(4096), ENAMETOOLONG)
    assert.equal(await openOf(64, 2 ** 20 - 32), EFAULT)
    assert.equal(await openOf(0), -2)
    client.bytes.fill(0)
    assert.equal(await openOf(8), EINVAL)
  })
})

test('a chain without end is refused piece by piece', async () => {
  await withHostile(async (client) => {
    for (let count = 0; count < client.capacity; count++) {
      client.write({ operation: OPERATION_NOP, flags: REQUEST_LINK })
    }
    client.publish()
    const results: number[] = []
    const all = await eventually(() => {
      results.push(...client.take().map(({ res }) => res))
      return results.length === client.capacity
    })
    assert.ok(all, `${results.length} of ${client.capacity}`)
    assert.ok(results.every((res) => res === EINVAL))
  })
})

test('no handle of another client can be guessed', async () => {
  await withHostile(async (client) => {
    const operations = [OPERATION_READ, OPERATION_WRITE, OPERATION_STAT, OPERATION_CLOSE]
    for (let fd = -1; fd <= MAX_FILES + 2; fd++) {
      for (let generation = -1; generation < 6; generation++) {
        for (const operation of operations) {
          client.write({ operation, fd, generation, len: 128 })
        }
      }
      client.publish()
      let answered = 0
      const all = await eventually(() => {
        for (const { res } of client.take()) {
          assert.equal(res, EBADF)
          answered++
        }
        return answered === operations.length * 7
      })
      assert.ok(all, `${answered} answers`)
    }
  })
})

test('a handle that was closed stays closed, also when its slot has another file', async () => {
  const mine = temporaryFile(4096, 'mine')
  await withHostile(async (client) => {
    const [fd, generation] = await open(client, mine, 0)
    const close = { operation: OPERATION_CLOSE, fd, generation }
    assert.equal((await client.call(close)).res, 0)
    assert.equal((await client.call(close)).res, EBADF)
    const other = await victim.open(secret, 'r+')
    const [again, next] = await open(client, mine, 0)
    for (const slot of [fd, again]) {
      const read = { operation: OPERATION_READ, fd: slot, generation, len: 64, addrLow: 4096 }
      assert.equal((await client.call(read)).res, EBADF)
    }
    const read = { operation: OPERATION_READ, fd: again, generation: next, len: 64 }
    assert.equal((await client.call(read)).res, 64)
    const write = { ...read, operation: OPERATION_WRITE }
    assert.equal((await client.call(write)).res, EBADF, 'opened for reading')
    await other.close()
  })
  assert.ok(readFileSync(secret).equals(patternBytes(65536)))
})

test('who gets the place of a client that left finds nothing of it', async () => {
  const name = path.join(temporaryDirectory(), 'left')
  writeFileSync(name, 'a secret of the client before')
  const first = await new RawClient(actor.address).connect()
  const [fd, generation] = await open(first, name, 2)
  await first.call({ operation: OPERATION_READ, fd, generation, len: 4096, addrLow: 8192 })
  assert.equal(first.bytes[8192], 'a'.charCodeAt(0))
  const slot = first.words[CHANNEL_SLOT]
  await first.leave()
  assert.ok(await eventually(async () => (await actor.stats()).clients.length === 1))
  await withHostile(async (second) => {
    assert.equal(second.words[CHANNEL_SLOT], slot, 'the same place')
    // Its memory is its own and new: what the other had there is not to be seen.
    assert.ok(second.bytes.every((byte) => byte === 0))
    for (let next = generation - 1; next < generation + 3; next++) {
      const read = { operation: OPERATION_READ, fd, generation: next, len: 4096 }
      assert.equal((await second.call(read)).res, EBADF)
    }
    // A file opened into the same slot, and written from the whole arena: zeros, nothing else.
    const zeros = path.join(temporaryDirectory(), 'zeros')
    const [mine, mineGeneration] = await open(second, zeros, 0o102)
    second.bytes.fill(0, 0, 4096)
    const all = { operation: OPERATION_WRITE, fd: mine, generation: mineGeneration, len: 2 ** 20 }
    assert.equal((await second.call(all)).res, 2 ** 20)
    assert.ok(readFileSync(zeros).every((byte) => byte === 0))
  })
})

test('the doorbell rung without pause costs time only', async (context) => {
  const { doorbell } = actor.address
  if (doorbell < 0) return context.skip('this engine has no doorbell')
  const one = new Uint8Array(new BigUint64Array([1n]).buffer)
  for (let count = 0; count < 20_000; count++) {
    writeSync(doorbell, one)
    if (count % 1000 === 0) await assertUnharmed()
  }
})
