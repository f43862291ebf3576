// Reading: every form of FileHandle.read, with the same bytes and the same errors.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, assertSameOutcome, fileWith, pattern, WAYS } from '../ways.ts'

const LENGTH = 1000

interface Form {
  readonly what: string
  /** The arguments; the buffer is made anew for each call, so that it can be looked at. */
  readonly given: (buffer: Buffer) => unknown[]
}

const FORMS: readonly Form[] = [
  { what: '(buffer)', given: (b) => [b] },
  { what: '(buffer, offset)', given: (b) => [b, 7] },
  { what: '(buffer, offset, length)', given: (b) => [b, 7, 20] },
  { what: '(buffer, offset, length, position)', given: (b) => [b, 7, 20, 123] },
  { what: '(buffer, 0, length, 0)', given: (b) => [b, 0, 20, 0] },
  { what: '(buffer, null, null, null)', given: (b) => [b, null, null, null] },
  { what: '(buffer, 0, length, -1)', given: (b) => [b, 0, 9, -1] },
  { what: '(buffer, 0, length, -1n)', given: (b) => [b, 0, 9, -1n] },
  { what: '(buffer, 0, 0, 5)', given: (b) => [b, 0, 0, 5] },
  { what: '(buffer, end, 0)', given: (b) => [b, b.length, 0] },
  { what: '(buffer, {})', given: (b) => [b, {}] },
  { what: '(buffer, options)', given: (b) => [b, { offset: 3, length: 11, position: 40 }] },
  { what: '(buffer, { position: null })', given: (b) => [b, { position: null }] },
  { what: '(empty buffer)', given: () => [Buffer.alloc(0)] },
  { what: '(empty buffer, 0)', given: () => [Buffer.alloc(0), 0] },
  { what: '(empty buffer, {})', given: () => [Buffer.alloc(0), {}] },
  { what: '(empty buffer, null, 0)', given: () => [new DataView(new ArrayBuffer(0)), null, 0] },
  { what: '(empty buffer, 5, 0)', given: () => [Buffer.alloc(0), 5, 0] },
  { what: '(empty buffer, 0, length)', given: () => [Buffer.alloc(0), 0, 3] },
  { what: '(empty buffer, offset)', given: () => [Buffer.alloc(0), 5] },
  { what: '(empty buffer, { length })', given: () => [Buffer.alloc(0), { length: 3 }] },
  { what: '(empty buffer, negative offset)', given: () => [Buffer.alloc(0), -1, 0] },
  { what: 'at the end', given: (b) => [b, 0, b.length, LENGTH] },
  { what: 'across the end', given: (b) => [b, 0, b.length, LENGTH - 5] },
  { what: 'beyond the end', given: (b) => [b, 0, b.length, LENGTH + 5] },
  { what: 'negative offset', given: (b) => [b, -1, 5, 0] },
  { what: 'fractional offset', given: (b) => [b, 1.5, 5, 0] },
  { what: 'offset of a wrong type', given: (b) => [b, '1', 5, 0] },
  { what: 'negative length', given: (b) => [b, 0, -5, 0] },
  { what: 'length beyond the buffer', given: (b) => [b, 50, 60, 0] },
]

/** The facts of an error that ours share with Node's, whatever the words of the message. */
function facts(error: unknown): unknown {
  const { name, code, errno, syscall } = error as NodeJS.ErrnoException
  return { name, code, errno, syscall }
}

async function readSeen(read: (buffer: Buffer) => Promise<number>): Promise<unknown> {
  const buffer = Buffer.alloc(64, 0xee)
  try {
    return { bytesRead: await read(buffer), buffer: buffer.toString('hex') }
  } catch (error) {
    return { ...(facts(error) as object), buffer: buffer.toString('hex') }
  }
}

export async function everyFormReadsWhatNodeReads({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(LENGTH))
  for (const { what, given } of FORMS) {
    const handle = await fs.promises.open(at)
    const expected = await readSeen(async (buffer) => {
      const result = await (handle.read as (...given: unknown[]) => Promise<{ bytesRead: number }>)(
        ...given(buffer),
      )
      return result.bytesRead
    })
    const next = await handle.read(Buffer.alloc(4), 0, 4, null)
    await handle.close()
    for (const way of WAYS) {
      const file = await way.open(client, at)
      const seen = await readSeen((buffer) => way.read(file, ...given(buffer)))
      assert.deepEqual(seen, expected, `${way.name} read ${what}`)
      // The file's own position moved as Node's did.
      const after = await file.read(Buffer.alloc(4), 0, 4, null)
      assertBytes(after.buffer, next.buffer, `${way.name}: what follows a read ${what}`)
      await file.close()
    }
  }
}

export async function theObjectFormReadsWhatNodeReads({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(LENGTH))
  const forms: unknown[][] = [
    [],
    [undefined],
    [null],
    [{}],
    [{ length: 5 }],
    [{ position: 10 }],
    [{ buffer: Buffer.alloc(32), offset: 2, length: 8, position: 3 }],
    [{ buffer: Buffer.alloc(32) }],
    [{ buffer: new Float64Array(4), position: 16 }],
  ]
  for (const given of forms) {
    const handle = await fs.promises.open(at)
    const file = await client.open(at)
    const called = (target: object) => async () => {
      const { bytesRead, buffer } = await (
        target as { read(...given: unknown[]): Promise<{ bytesRead: number; buffer: Buffer }> }
      ).read(...structuredClone(given))
      const { byteLength, byteOffset } = buffer
      const bytes = Buffer.from(buffer.buffer, byteOffset, byteLength)
      return { bytesRead, byteLength, bytes: bytes.toString('hex') }
    }
    await assertSameOutcome(called(file), called(handle), `read(${JSON.stringify(given.length)})`)
    await file.close()
    await handle.close()
  }
}

/** FileHandle.read of Node 20 passes over a bigint; fs.readSync of the same Node does not. */
export async function positionsMayBeBigints({ client, path }: Context): Promise<void> {
  const content = pattern(LENGTH)
  const at = fileWith(path('file'), content)
  for (const way of WAYS) {
    const file = await way.open(client, at)
    for (const given of [[undefined, undefined, 55n], [{ position: 55n }], [0, 64, 55n]]) {
      const buffer = Buffer.alloc(64)
      assert.equal(await way.read(file, buffer, ...given), 64)
      assertBytes(buffer, content.subarray(55, 119))
    }
    await file.close()
  }
}

export async function theResultNamesTheCallersBuffer({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)))
  const view = new DataView(new ArrayBuffer(10))
  assert.equal((await file.read(view, 0, 10, 0)).buffer, view)
  const words = new Uint32Array(4)
  assert.equal((await file.read(words, { position: 0 })).buffer, words)
  assert.equal((await file.read({ buffer: words, position: 0 })).buffer, words)
  await file.close()
}

export async function readsFollowEachOtherAtTheOwnPosition({
  client,
  path,
}: Context): Promise<void> {
  const content = pattern(LENGTH)
  const at = fileWith(path('file'), content)
  for (const way of WAYS) {
    const file = await way.open(client, at)
    const read: Buffer[] = []
    for (;;) {
      const buffer = Buffer.alloc(77)
      const bytesRead = await way.read(file, buffer, 0, 77, null)
      if (bytesRead === 0) break
      read.push(buffer.subarray(0, bytesRead))
      // A read at a position leaves the file's own where it was.
      assert.equal(await way.read(file, Buffer.alloc(9), 0, 9, 500), 9)
    }
    assertBytes(Buffer.concat(read), content)
    await file.close()
  }
}

export async function anEmptyFileReadsAsNothing({ client, path }: Context): Promise<void> {
  const at = fileWith(path('empty'), '')
  for (const way of WAYS) {
    const file = await way.open(client, at)
    assert.equal(await way.read(file, Buffer.alloc(10)), 0)
    assert.equal(await way.read(file, Buffer.alloc(10), 0, 10, 0), 0)
    assert.equal(await way.read(file, Buffer.alloc(3 << 20), 0, 3 << 20, 0), 0)
    await file.close()
  }
}

export async function devicesAndProcFilesRead({ client }: Context): Promise<void> {
  await endlessDevicesAreReadWhole(client)
  for (const way of WAYS) {
    const zero = await way.open(client, '/dev/zero')
    const bytes = Buffer.alloc(100_000, 1)
    assert.equal(await way.read(zero, bytes), bytes.length)
    assert.ok(bytes.every((byte) => byte === 0))
    await zero.close()
    for (const path of ['/proc/version', '/proc/self/environ', '/proc/cpuinfo']) {
      const file = await way.open(client, path)
      const first = Buffer.alloc(64)
      const expected = Buffer.alloc(64)
      const fd = fs.openSync(path, 'r')
      const length = fs.readSync(fd, expected, 0, 64, 0)
      fs.closeSync(fd)
      assert.equal(await way.read(file, first, 0, 64, 0), length)
      assertBytes(first, expected, path)
      await file.close()
    }
  }
}

/** The kernel ends such a read early while the ring has other work for the thread: one of some hundred. */
async function endlessDevicesAreReadWhole(client: Context['client']): Promise<void> {
  const zero = await client.open('/dev/zero', 'r')
  const buffers = Array.from({ length: 16 }, () => Buffer.alloc(400_000, 1))
  for (let round = 0; round < 30; round++) {
    const reads = await Promise.all(buffers.map((buffer) => zero.read(buffer)))
    for (const { bytesRead } of reads) assert.equal(bytesRead, 400_000)
  }
  assert.ok(buffers.every((buffer) => buffer.every((byte) => byte === 0)))
  await zero.close()
}

export async function partialReadsGiveWhatIsThere({ client, path }: Context): Promise<void> {
  const content = pattern(LENGTH)
  const file = await client.open(fileWith(path('file'), content))
  const buffer = Buffer.alloc(2 * LENGTH)
  const { bytesRead } = await file.read(buffer, { position: 0, partial: true })
  assert.equal(bytesRead, LENGTH)
  assertBytes(buffer.subarray(0, LENGTH), content)
  assert.equal(file.readSync(buffer, { position: 10, partial: true }), LENGTH - 10)
  await file.close()
}
