// Writing: every form of FileHandle.write, with the same file afterwards.
import assert from 'node:assert/strict'
import fs, { constants } from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, outcome, pattern, WAYS } from '../ways.ts'

const FORMS: ReadonlyArray<readonly [string, () => unknown[]]> = [
  ['(buffer)', () => [pattern(30)]],
  ['(buffer, offset)', () => [pattern(30), 4]],
  ['(buffer, offset, length)', () => [pattern(30), 4, 10]],
  ['(buffer, offset, length, position)', () => [pattern(30), 4, 10, 25]],
  ['(buffer, null, null, null)', () => [pattern(30), null, null, null]],
  ['(buffer, 0, length, beyond the end)', () => [pattern(30), 0, 30, 200]],
  ['(buffer, {})', () => [pattern(30), {}]],
  ['(buffer, options)', () => [pattern(30), { offset: 3, length: 9, position: 11 }]],
  ['(buffer, 0, 0, 5)', () => [pattern(30), 0, 0, 5]],
  ['(empty buffer)', () => [Buffer.alloc(0)]],
  ['(empty buffer, offset)', () => [Buffer.alloc(0), 5]],
  ['(empty buffer, 0, length)', () => [new Float64Array(0), 0, 3]],
  ['(empty buffer, options)', () => [Buffer.alloc(0), { offset: 3, length: 4 }]],
  ['(string)', () => ['Grüße, 漢字 🙂']],
  ["('')", () => ['']],
  ['(string, position)', () => ['text', 50]],
  ['(string, 0)', () => ['text', 0]],
  ['(string, null)', () => ['text', null]],
  ['(string, position, utf8)', () => ['ä', 3, 'utf8']],
  ['(string, position, latin1)', () => ['äöü', 3, 'latin1']],
  ['(string, position, utf16le)', () => ['äöü', 3, 'utf16le']],
  ['(string, position, hex)', () => ['00ff10', 3, 'hex']],
  ['(string, position, hex of half a byte)', () => ['41424', 3, 'hex']],
  ['(string, position, HEX of half a byte)', () => ['414', 3, 'HEX']],
  ['(string, position, base64)', () => ['AP8Q', 3, 'base64']],
  ['(string, position, base64url)', () => ['_-8Q', 3, 'base64url']],
  ['(string, position, ascii)', () => ['abc', 3, 'ascii']],
  ['(string, null, encoding)', () => ['abc', null, 'ucs2']],
  ['(DataView)', () => [new DataView(new Uint8Array([1, 2, 3, 4, 5]).buffer, 1, 3)]],
  ['(Float64Array)', () => [Float64Array.of(Math.PI, -0)]],
  ['negative offset', () => [pattern(30), -1]],
  ['offset beyond the buffer', () => [pattern(30), 31]],
  ['length beyond the buffer', () => [pattern(30), 20, 11]],
  ['negative length', () => [pattern(30), 0, -1]],
  ['fractional length', () => [pattern(30), 0, 1.5]],
  ['a number', () => [5]],
  ['an object', () => [{}]],
  ['null', () => [null]],
]

function withoutWords(result: unknown): unknown {
  const { message, ...facts } = result as { message?: string }
  return facts
}

export async function everyFormWritesWhatNodeWrites({ client, path }: Context): Promise<void> {
  for (const [what, given] of FORMS) {
    const expectedPath = fileWith(path('expected'), pattern(100, 7))
    const handle = await fs.promises.open(expectedPath, 'r+')
    const write = handle.write as (...given: unknown[]) => Promise<{ bytesWritten: number }>
    const expected = await outcome(async () => (await write.apply(handle, given())).bytesWritten)
    // What is written next shows where the file's own position stands.
    await handle.write('next')
    await handle.close()
    for (const way of WAYS) {
      const at = fileWith(path(way.name), pattern(100, 7))
      const file = await way.open(client, at, 'r+')
      const seen = await outcome(() => way.write(file, ...given()))
      assert.deepEqual(withoutWords(seen), withoutWords(expected), `${way.name} write ${what}`)
      await file.write('next')
      await file.close()
      assertBytes(
        fs.readFileSync(at),
        fs.readFileSync(expectedPath),
        `${way.name}: the file after write ${what}`,
      )
    }
  }
}

export async function theResultNamesWhatWasWritten({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const view = new DataView(new ArrayBuffer(10))
  assert.deepEqual(await file.write(view), { bytesWritten: 10, buffer: view })
  assert.equal((await file.write(view)).buffer, view)
  assert.deepEqual(await file.write('ä'), { bytesWritten: 2, buffer: 'ä' })
  await file.close()
}

export async function theBytesAreTakenAtTheCall({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const buffer = pattern(4096)
  const write = file.write(buffer, 0, 4096, 0)
  buffer.fill(0)
  await write
  assertBytes(fs.readFileSync(path('file')), pattern(4096))
  await file.close()
}

export async function appendedBytesGoToTheEnd({ client, path }: Context): Promise<void> {
  const { O_WRONLY, O_CREAT, O_APPEND } = constants
  for (const way of WAYS) {
    for (const flags of ['a', 'a+', 'as', O_WRONLY | O_CREAT | O_APPEND]) {
      const at = fileWith(path('appended'), 'begin ')
      const file = await way.open(client, at, flags)
      // As in Node, the position means nothing to the kernel here.
      assert.equal(await way.write(file, Buffer.from('one '), 0, 4, 0), 4)
      assert.equal(await way.write(file, 'two '), 4)
      assert.equal(await way.writev(file, [Buffer.from('three '), Buffer.from('four')], 1), 10)
      await file.appendFile(' five')
      assert.equal(fs.readFileSync(at, 'utf8'), 'begin one two three four five')
      await file.close()
    }
  }
}

export async function concurrentAppendsAreWholeAndAllThere({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('log'), 'a')
  const lines = Array.from({ length: 300 }, (_, n) => `${n} ${'x'.repeat(n)}\n`)
  await Promise.all(lines.map((line) => file.write(line)))
  const written = fs.readFileSync(path('log'), 'utf8').split('\n').slice(0, -1)
  assert.deepEqual(written.map((line) => `${line}\n`).sort(), lines.slice().sort())
  await file.close()
}

export async function synchronousFilesAreWritten({ client, path }: Context): Promise<void> {
  const { O_RDWR, O_CREAT, O_DSYNC, O_SYNC } = constants
  for (const flags of [O_DSYNC, O_SYNC]) {
    for (const way of WAYS) {
      const at = path(`${way.name}-${flags}`)
      const file = await way.open(client, at, O_RDWR | O_CREAT | flags)
      assert.equal(await way.write(file, pattern(10_000), 0, 10_000, 5), 10_000)
      assertBytes(fs.readFileSync(at).subarray(5), pattern(10_000))
      await file.close()
    }
  }
}

export async function disjointWritesAtOnceAllArrive({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const expected = pattern(500 * 1000)
  const pieces = Array.from({ length: 500 }, (_, n) => n).sort((a, b) => (a * 7 - b * 7) % 13)
  await Promise.all(pieces.map((n) => file.write(expected, n * 1000, 1000, n * 1000)))
  assertBytes(fs.readFileSync(path('file')), expected)
  await file.close()
}
