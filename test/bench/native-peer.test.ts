// The peer in C does what it measures: in every mode it reads and writes whole, valid blocks; it
// finds each wrong byte and says where; and what it prints adds up. The blocks are made and judged
// by a second implementation of their format (described-block.ts).
import assert from 'node:assert/strict'
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  type NativeOptions,
  type NativeResult,
  nativeRefusal,
  runNative,
} from '@uring-actor/bench/native-peer.js'
import { temporaryFile } from '../support/temporary.ts'
import { BLOCK, describedBlock } from './described-block.ts'
import { FILE_BYTES, makeFiles, optionsFor, SMALL_BYTES } from './native-files.ts'

const skip = nativeRefusal() ?? false

/** The lowest time of a bucket, in sixteenths of a microsecond. */
function lowestOf(bucket: number): number {
  return bucket < 32 ? bucket : (32 + (bucket % 32)) * 2 ** (Math.floor(bucket / 32) - 1)
}

function assertAddsUp(result: NativeResult, { seconds }: NativeOptions): void {
  const { operations, buckets, overTime, maxMicros } = result
  assert.ok(operations > 0)
  assert.ok(result.seconds >= seconds)
  assert.ok(result.userMicros + result.systemMicros > 0)
  assert.ok(result.userMicros >= 0 && result.systemMicros >= 0)
  assert.ok(result.contextSwitches >= 0)
  assert.ok(result.rssKiB > 0)
  const rows = new Map<number, number>()
  let last = -1
  let counted = 0
  for (const [bucket, count] of buckets) {
    assert.ok(bucket > last && bucket < 864 && count > 0, `bucket ${bucket}: ${count}`)
    last = bucket
    counted += count
    rows.set(bucket >> 3, (rows.get(bucket >> 3) ?? 0) + count)
  }
  assert.equal(counted, operations)
  for (const [slot, row, count] of overTime) {
    assert.ok(slot >= 0 && slot < 40 && count > 0, `slot ${slot}: ${count}`)
    rows.set(row, (rows.get(row) ?? 0) - count)
  }
  assert.ok([...rows.values()].every((left) => left === 0))
  const longest = Math.floor((Math.round(maxMicros * 1000) * 16) / 1000)
  assert.ok(longest >= lowestOf(last) && longest < lowestOf(last + 1), `${maxMicros} in ${last}`)
}

/** The reason to skip direct I/O; false where temporary files can have it. */
function missingDirect(): string | false {
  try {
    closeSync(openSync(temporaryFile(BLOCK), constants.O_RDONLY | constants.O_DIRECT))
    return false
  } catch (error) {
    return `the temporary directory's filesystem has no direct I/O: ${(error as Error).message}`
  }
}

const READS: ReadonlyArray<readonly [string, Partial<NativeOptions>]> = [
  ['one thread', {}],
  ['8 threads', { threads: 8 }],
  ['512 threads', { threads: 512 }],
  ['no warm-up', { warmUpSeconds: 0 }],
  ['512 bytes of a block', { blockBytes: 512 }],
  ['2048 bytes of a block', { blockBytes: 2048 }],
  ['32 blocks at once', { blockBytes: 131_072, threads: 2 }],
  ['a mapping', { mode: 'mmap' }],
  ['a mapping and 8 threads', { mode: 'mmap', threads: 8 }],
  ['32 blocks at once of a mapping', { mode: 'mmap', blockBytes: 131_072 }],
  ['no page cache', { direct: true, threads: 8 }],
  ['no page cache, 32 blocks at once', { direct: true, blockBytes: 131_072 }],
]

const WRITES: ReadonlyArray<readonly [string, Partial<NativeOptions>]> = [
  ['one thread', {}],
  ['8 threads', { threads: 8 }],
  ['32 blocks at once', { blockBytes: 131_072, threads: 2 }],
  ['no page cache', { direct: true, threads: 8 }],
]

function skipFor({ direct }: Partial<NativeOptions>): string | false {
  return skip || (direct === true && missingDirect())
}

describe('the peer in C', () => {
  for (const [name, how] of READS) {
    test(`reads valid blocks, and its counts add up: ${name}`, { skip: skipFor(how) }, async () => {
      const options = optionsFor(makeFiles(), how)
      assertAddsUp(await runNative(options), options)
    })
  }

  for (const [name, how] of WRITES) {
    test(`writes valid blocks, and its counts add up: ${name}`, {
      skip: skipFor(how),
    }, async () => {
      const files = makeFiles()
      const before = files.map((file) => readFileSync(file))
      const options = optionsFor(files, { operation: 'write', ...how })
      assertAddsUp(await runNative(options), options)
      for (const [id, file] of files.entries()) {
        const bytes = readFileSync(file)
        assert.equal(bytes.length, FILE_BYTES)
        assert.ok(!bytes.equals(before[id]!), 'blocks of each file were written')
        for (let block = 0; block < FILE_BYTES / BLOCK; block++) {
          const at = block * BLOCK
          const template = bytes.readUInt32LE(at + 12)
          assert.ok(template < 16, `template of block ${block}`)
          const expected = describedBlock(id, block, template)
          assert.ok(expected.equals(bytes.subarray(at, at + BLOCK)), `block ${block}`)
        }
      }
      await runNative(optionsFor(files))
    })
  }

  test('stays within the part of the files that it was given', { skip }, async () => {
    const files = makeFiles()
    const before = files.map((file) => readFileSync(file))
    const fileBytes = FILE_BYTES / 2
    await runNative(optionsFor(files, { operation: 'write', fileBytes }))
    for (const [id, file] of files.entries()) {
      assert.ok(readFileSync(file).subarray(fileBytes).equals(before[id]!.subarray(fileBytes)))
    }
  })

  test("tells the peak of its own memory, not of its parent's", { skip }, async () => {
    const { rssKiB } = await runNative(optionsFor(makeFiles()))
    assert.ok(rssKiB * 1024 < process.memoryUsage().rss / 2, `${rssKiB} KiB`)
  })
})

const WRONG: ReadonlyArray<readonly [byte: number, flip: number, what: string]> = [
  [0, 1, 'wrong magic number'],
  [3, 0x80, 'wrong magic number'],
  [4, 1, 'wrong file id'],
  [8, 1, 'wrong block number'],
  [11, 0x80, 'wrong block number'],
  [12, 1, 'wrong check'],
  [12, 16, 'no such template'],
  [16, 1, 'wrong check'],
  [20, 1, 'wrong body'],
  [2048, 0x10, 'wrong body'],
  [4091, 0x80, 'wrong body'],
  [4092, 1, 'wrong last word'],
  [4095, 0x80, 'wrong last word'],
]

function spoil(file: string, byte: number, flip: number): void {
  const bytes = readFileSync(file)
  bytes[byte]! ^= flip
  writeFileSync(file, bytes)
}

describe('wrong data', () => {
  for (const mode of ['pread', 'mmap'] as const) {
    for (const [byte, flip, what] of WRONG) {
      test(`byte ${byte} xor ${flip} of a block is found by ${mode}: ${what}`, {
        skip,
      }, async () => {
        const files = makeFiles(SMALL_BYTES)
        spoil(files[1]!, 7 * BLOCK + byte, flip)
        const run = runNative(optionsFor(files, { mode, fileBytes: SMALL_BYTES, seconds: 10 }))
        await assert.rejects(run, { message: `blocks.c ended with 3: file 1 block 7: ${what}` })
      })
    }
  }

  test('is found in the middle of a larger read', { skip }, async () => {
    const files = makeFiles(SMALL_BYTES)
    spoil(files[0]!, 13 * BLOCK + 100, 1)
    const options = { fileBytes: SMALL_BYTES, blockBytes: 8 * BLOCK, seconds: 10, threads: 8 }
    const message = 'blocks.c ended with 3: file 0 block 13: wrong body'
    await assert.rejects(runNative(optionsFor(files, options)), { message })
  })

  test('is what two blocks are that have changed places, or files', { skip }, async () => {
    const [first, second] = makeFiles(SMALL_BYTES)
    const options = { fileBytes: SMALL_BYTES, seconds: 10 }
    await assert.rejects(runNative(optionsFor([second!, first!], options)), /wrong file id/)
    const bytes = readFileSync(first!)
    bytes.copy(bytes, 2 * BLOCK, 3 * BLOCK, 4 * BLOCK)
    writeFileSync(first!, bytes)
    await assert.rejects(
      runNative(optionsFor([first!, second!], options)),
      /3: file 0 block 2: wrong block number$/,
    )
  })

  test('is judged as far as it was read', { skip }, async () => {
    const files = makeFiles(SMALL_BYTES)
    const options = optionsFor(files, { fileBytes: SMALL_BYTES, blockBytes: 512 })
    for (let block = 0; block < 16; block++) spoil(files[0]!, block * BLOCK + 512, 1)
    await runNative(options)
    spoil(files[0]!, 5 * BLOCK + 511, 1)
    await assert.rejects(runNative({ ...options, seconds: 10 }), /file 0 block 5: wrong body$/)
  })
})
