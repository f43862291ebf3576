// Writes, reads, trims and syncs a file through the actor, in both ways, and checks every byte with
// node:fs. A task for any thread, with the actor found by connect().
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { connect, type TrimMethod } from '@uring-actor/client'
import { patternBytes } from '../support/temporary.ts'

const SIZE = 300_000
const HOLE = 65_536

export interface RoundTripOrders {
  directory: string
  name: string
}

/** Returns how the range was trimmed. */
export async function roundTrip({ directory, name }: RoundTripOrders): Promise<TrimMethod> {
  const client = connect()
  const at = path.join(directory, name)
  const expected = patternBytes(SIZE)
  const file = await client.open(at, 'w+')
  const half = SIZE / 2
  await file.write(expected, 0, half, 0)
  assert.equal(file.writeSync(expected, half, half, half), half)
  await file.sync()
  file.datasyncSync()
  assert.ok(readFileSync(at).equals(expected), 'what was written is there')

  const { method } = await file.trim(HOLE, HOLE)
  assert.equal(file.trimSync(3 * HOLE, 4096).method, method)
  expected.fill(0, HOLE, 2 * HOLE).fill(0, 3 * HOLE, 3 * HOLE + 4096)
  const read = Buffer.alloc(SIZE)
  assert.equal((await file.read(read, 0, SIZE, 0)).bytesRead, SIZE)
  assert.ok(read.equals(expected), 'what was trimmed reads as zeros, and nothing else does')
  read.fill(1)
  assert.equal(file.readSync(read, 0, SIZE, 0), SIZE)
  assert.ok(read.equals(expected), 'the blocking read gives the same')

  await file.truncate(HOLE)
  assert.equal(file.statSync().size, HOLE)
  await file.writeDurable(expected, 0, 10, HOLE)
  assert.equal((await file.stat()).size, HOLE + 10)
  await file.close()
  assert.ok(readFileSync(at).subarray(0, HOLE).equals(expected.subarray(0, HOLE)))
  await assert.rejects(client.open(path.join(directory, 'missing', name)), { code: 'ENOENT' })
  await client.close()
  return method
}
