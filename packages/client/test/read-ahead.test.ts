// How much a stream of a file reads before it is asked for: so many bytes, and so many reads.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileHandleState } from '#dist/file/handle.js'
import { ReadAhead } from '#dist/file/read-ahead.js'
import { FILE_KIND_REGULAR } from '#dist/protocol/index.js'

const STATE = { kind: FILE_KIND_REGULAR, direct: false } as FileHandleState

/** The most reads, and bytes, that were begun and not asked for, of a stream of such chunks. */
async function mostAhead(chunk: number): Promise<{ reads: number; bytes: number }> {
  let begun = 0
  const file = {
    async read(buffer: Buffer, _offset: number, length: number) {
      begun++
      return { bytesRead: length, buffer }
    },
  }
  const range = { chunk, start: 0, length: Number.POSITIVE_INFINITY }
  const stream = new ReadAhead(file, STATE, range)
  let reads = 0
  for (let asked = 1; asked <= 100; asked++) {
    assert.equal((await stream.next())?.length, chunk)
    reads = Math.max(reads, begun - asked)
  }
  return { reads, bytes: reads * chunk }
}

test('short chunks are 32 reads ahead at most', async () => {
  for (const chunk of [1, 7, 4096]) assert.equal((await mostAhead(chunk)).reads, 32)
})

test('long chunks are 256 KiB ahead at most, or one of them', async () => {
  assert.equal((await mostAhead(64 * 1024)).bytes, 256 * 1024)
  assert.equal((await mostAhead(100_000)).reads, 2)
  assert.equal((await mostAhead(2 ** 20)).reads, 1)
})
