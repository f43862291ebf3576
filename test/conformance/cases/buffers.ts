// Every kind of memory that a caller may hand over.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern, WAYS } from '../ways.ts'

/** Not in the types without those of a browser. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Memory: new (pages: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
  }
}

/** Views of `length` bytes (a multiple of 8), each somewhere inside of memory of its own kind. */
const KINDS: ReadonlyMap<string, (length: number) => ArrayBufferView> = new Map<
  string,
  (length: number) => ArrayBufferView
>([
  ['Uint8Array', (length) => new Uint8Array(length)],
  ['Buffer of the pool', (length) => Buffer.allocUnsafe(length)],
  ['Buffer, subarray', (length) => Buffer.alloc(length + 99).subarray(33, 33 + length)],
  ['Uint8Array, odd offset', (length) => new Uint8Array(new ArrayBuffer(length + 7), 3, length)],
  ['Int8Array', (length) => new Int8Array(length)],
  ['Uint8ClampedArray', (length) => new Uint8ClampedArray(length)],
  ['Uint16Array', (length) => new Uint16Array(length / 2)],
  ['Float32Array', (length) => new Float32Array(new ArrayBuffer(length + 8), 8, length / 4)],
  ['Float64Array', (length) => new Float64Array(length / 8)],
  ['BigInt64Array', (length) => new BigInt64Array(length / 8)],
  ['DataView', (length) => new DataView(new ArrayBuffer(length + 5), 5, length)],
  ['shared', (length) => new Uint8Array(new SharedArrayBuffer(length + 16), 9, length)],
  ['shared DataView', (length) => new DataView(new SharedArrayBuffer(length), 0, length)],
  ['shared Float64Array', (length) => new Float64Array(new SharedArrayBuffer(length))],
  [
    'growable shared',
    (length) => new Uint8Array(new SharedArrayBuffer(length, { maxByteLength: 2 * length })),
  ],
  [
    'resizable, tracking its length',
    (length) => new Uint8Array(new ArrayBuffer(length, { maxByteLength: 2 * length })),
  ],
  [
    'resizable, fixed view',
    (length) => new Uint8Array(new ArrayBuffer(length + 8, { maxByteLength: 1 << 24 }), 8, length),
  ],
  [
    'WebAssembly memory',
    (length) =>
      new Uint8Array(new WebAssembly.Memory({ initial: 80, maximum: 100 }).buffer, 8, length),
  ],
])

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

export async function everyKindOfViewIsReadInto({ client, path }: Context): Promise<void> {
  for (const length of [8, 4096, 65_536 + 8, 2 ** 21]) {
    const content = pattern(length + 16)
    const at = fileWith(path('file'), content)
    for (const way of WAYS) {
      const file = await way.open(client, at)
      for (const [kind, make] of KINDS) {
        const whole = make(length)
        assert.equal(whole.byteLength, length, kind)
        assert.equal(await way.read(file, whole, 0, length, 16), length)
        assertBytes(bytesOf(whole), content.subarray(16), `${way.name} ${kind}, ${length} bytes`)
        // Offset and length count bytes, whatever the elements are.
        const part = make(length)
        bytesOf(part).fill(0xee)
        assert.equal(await way.read(file, part, 3, 5, 1), 5)
        const expected = Buffer.alloc(length, 0xee)
        content.copy(expected, 3, 1, 6)
        assertBytes(bytesOf(part), expected, `${way.name} part of ${kind}`)
      }
      await file.close()
    }
  }
}

export async function everyKindOfViewIsWrittenFrom({ client, path }: Context): Promise<void> {
  for (const length of [8, 4096, 2 ** 21]) {
    for (const way of WAYS) {
      for (const [kind, make] of KINDS) {
        const file = await way.open(client, path('file'), 'w')
        const view = make(length)
        bytesOf(view).set(pattern(length))
        assert.equal(await way.write(file, view, 0, length, 0), length)
        assert.equal(await way.write(file, view, 3, 5, length), 5)
        await file.close()
        const expected = Buffer.concat([pattern(length), pattern(length).subarray(3, 8)])
        assertBytes(fs.readFileSync(path('file')), expected, `${way.name} ${kind}, ${length} bytes`)
      }
    }
  }
}

export async function anotherThreadsMemoryIsReadInto({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(4096)))
  const shared = new SharedArrayBuffer(3 * 4096)
  await file.read(new Uint8Array(shared, 4096, 4096), 0, 4096, 0)
  const expected = Buffer.alloc(3 * 4096)
  pattern(4096).copy(expected, 4096)
  assertBytes(new Uint8Array(shared), expected, 'nothing around the view is touched')
  await file.close()
}

export async function nothingBehindAShortReadIsTouched({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)))
  for (const way of WAYS) {
    for (const length of [200, 3 * 2 ** 20]) {
      const view = Buffer.alloc(length, 0xee)
      assert.equal(await way.read(file, view, 0, length, 40), 60)
      const expected = Buffer.alloc(length, 0xee)
      pattern(100).copy(expected, 0, 40)
      assertBytes(view, expected)
    }
  }
  await file.close()
}

export async function noBytesOfOthersAreRead({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(50_000)), 'r+')
  await file.read(Buffer.alloc(50_000), 0, 50_000, 0)
  const empty = await client.open(path('empty'), 'w+')
  const view = Buffer.alloc(50_000)
  assert.equal((await empty.read(view, 0, 50_000, 0)).bytesRead, 0)
  assertBytes(view, Buffer.alloc(50_000), 'what was staged before')
  await empty.close()
  await file.close()
}
