// One read of more bytes than a signed 32-bit number can count, on a sparse file.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { spawnActor } from '@uring-actor/actor'

const LENGTH = 2 ** 31 + 2 ** 20 + 12_345
const NEEDED = 3 * LENGTH

const whyNot = os.freemem() < NEEDED ? `less than ${NEEDED} bytes of memory are free` : false

/** Bytes around every place where a length or an offset might be cut off. */
const MARKS = [0, 2 ** 20 - 4, 2 ** 30 - 4, 2 ** 31 - 4, 2 ** 31 + 2 ** 20 - 4, LENGTH - 8]

test('a read of more than two gibibytes is whole, and so is a write around that offset', {
  skip: whyNot,
}, async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'uring-actor-two-gibibytes-'))
  const actor = await spawnActor()
  try {
    const client = actor.connect()
    const at = path.join(directory, 'sparse')
    const fd = fs.openSync(at, 'w+')
    fs.ftruncateSync(fd, LENGTH)
    MARKS.forEach((position, index) => {
      fs.writeSync(fd, Buffer.alloc(8, index + 1), 0, 8, position)
    })
    const file = await client.open(at, 'r+')
    const buffer = Buffer.allocUnsafeSlow(LENGTH)
    buffer.fill(0xff, LENGTH - 2 ** 16)
    const { bytesRead } = await file.read(buffer, 0, LENGTH, 0)
    assert.equal(bytesRead, LENGTH)
    MARKS.forEach((position, index) => {
      const around = buffer.subarray(Math.max(0, position - 16), position + 24)
      const mark = around.subarray(Math.min(16, position)).subarray(0, 8)
      assert.deepEqual(mark, Buffer.alloc(8, index + 1), `at ${position}`)
      const zeros = [...around].filter((byte) => byte === 0).length
      assert.equal(zeros, around.length - 8, `around ${position}`)
    })
    // A part of the large buffer that lies on both sides of 2^31.
    const second = path.join(directory, 'written')
    const copy = await client.open(second, 'w')
    const { bytesWritten } = await copy.write(buffer, 2 ** 31 - 2 ** 20, 2 ** 21, 2 ** 31 - 2 ** 20)
    assert.equal(bytesWritten, 2 ** 21)
    const seen = Buffer.alloc(2 ** 21)
    fs.closeSync(fd)
    const again = fs.openSync(second, 'r')
    fs.readSync(again, seen, 0, seen.length, 2 ** 31 - 2 ** 20)
    fs.closeSync(again)
    assert.equal(Buffer.compare(seen, buffer.subarray(2 ** 31 - 2 ** 20, 2 ** 31 + 2 ** 20)), 0)
    await copy.close()
    await file.close()
    await client.close()
  } finally {
    await actor.close()
    fs.rmSync(directory, { recursive: true })
  }
})
