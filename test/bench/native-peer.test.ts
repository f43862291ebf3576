// The peer in C does what it measures: in every mode it reads and writes whole, valid blocks; it
// finds each wrong byte and says where; and what it prints adds up. The blocks are made and judged
// here by a second implementation of their format.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as native from '../../bench/src/native-peer.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'

/** bench/src/native-peer.ts: a program of the workspace, not a package to import from. */
interface NativePeer {
  nativeProgram: typeof native.nativeProgram
  nativeRefusal: typeof native.nativeRefusal
  runNative: typeof native.runNative
}

const module = new URL('../../../bench/dist/native-peer.js', import.meta.url)
const { nativeProgram, nativeRefusal, runNative } = (await import(module.href)) as NativePeer

const skip = nativeRefusal() ?? false
const BLOCK = 4096
const WORDS = BLOCK / 4
const FILE_BYTES = 4 * 2 ** 20

/** Words 5 to 1022 of a template. */
function bodyOf(template: number): Uint32Array {
  let word = Math.imul(0x9e3779b9, template + 1)
  return Uint32Array.from({ length: 1018 }, () => {
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    return word
  })
}

const BODIES = Array.from({ length: 16 }, (_, template) => bodyOf(template))

function blockOf(file: number, block: number, template: number): Buffer {
  const words = new Uint32Array(WORDS)
  const body = BODIES[template]!
  let check = 0x811c9dc5
  for (const word of [...body, file, block, template]) check = Math.imul(check ^ word, 16777619)
  words.set([0x31424155, file, block, template, check])
  words.set(body, 5)
  words[WORDS - 1] = block
  return Buffer.from(words.buffer)
}

/** Two files of valid blocks. */
function makeFiles(bytes: number = FILE_BYTES): string[] {
  const directory = temporaryDirectory()
  return [0, 1].map((id) => {
    const file = path.join(directory, `blocks-${id}`)
    const blocks = Array.from({ length: bytes / BLOCK }, (_, block) =>
      blockOf(id, block, (block * 7 + id) % 16),
    )
    writeFileSync(file, Buffer.concat(blocks))
    return file
  })
}

function optionsFor(
  files: readonly string[],
  options: Partial<native.NativeOptions> = {},
): native.NativeOptions {
  return {
    mode: 'pread',
    operation: 'read',
    threads: 1,
    seconds: 0.2,
    warmUpSeconds: 0.05,
    direct: false,
    blockBytes: BLOCK,
    fileBytes: FILE_BYTES,
    files,
    ...options,
  }
}

/** The lowest time of a bucket, in sixteenths of a microsecond. */
function lowestOf(bucket: number): number {
  return bucket < 32 ? bucket : (32 + (bucket % 32)) * 2 ** (Math.floor(bucket / 32) - 1)
}

function assertAddsUp(result: native.NativeResult, { seconds }: native.NativeOptions): void {
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

const READS: ReadonlyArray<readonly [string, Partial<native.NativeOptions>]> = [
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

const WRITES: ReadonlyArray<readonly [string, Partial<native.NativeOptions>]> = [
  ['one thread', {}],
  ['8 threads', { threads: 8 }],
  ['32 blocks at once', { blockBytes: 131_072, threads: 2 }],
  ['no page cache', { direct: true, threads: 8 }],
]

function skipFor({ direct }: Partial<native.NativeOptions>): string | false {
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
          const expected = blockOf(id, block, template)
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

const SMALL_BYTES = 16 * BLOCK
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

describe('what it cannot do', () => {
  test('is one line that names the file which is missing', { skip }, async () => {
    const files = [...makeFiles(SMALL_BYTES), '/nonexistent/blocks']
    await assert.rejects(runNative(optionsFor(files, { fileBytes: SMALL_BYTES })), {
      message: 'blocks.c ended with 1: /nonexistent/blocks: No such file or directory',
    })
  })

  test('is one line that names the file which is too short', { skip }, async () => {
    const files = makeFiles(SMALL_BYTES)
    await assert.rejects(runNative(optionsFor(files, { fileBytes: SMALL_BYTES + 1 })), {
      message: `blocks.c ended with 1: ${files[0]}: shorter than --size`,
    })
  })

  test('is one line that names the file which is truncated while it is mapped', {
    skip,
  }, async () => {
    const files = makeFiles()
    const args = ['--mode=mmap', '--threads=8', '--seconds=60', `--size=${FILE_BYTES}`, ...files]
    const child = spawn(nativeProgram(), args)
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    const closed = new Promise((resolve) => child.once('close', resolve))
    try {
      // The last file is mapped last, and all threads run once the process has more of them.
      const begun = (): boolean =>
        readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes(files[1]!) &&
        readFileSync(`/proc/${child.pid}/status`, 'utf8').includes('Threads:\t9\n')
      while (!begun()) await sleep(5)
      truncateSync(files[1]!, 0)
      assert.equal(await closed, 1)
    } finally {
      child.kill('SIGKILL')
    }
    assert.equal(errors, `${files[1]}: truncated, or not readable, while it was mapped\n`)
  })

  const GOOD = ['--size=4096', '--seconds=0.1']
  const BAD: ReadonlyArray<readonly string[]> = [
    [],
    GOOD,
    ['--size=4096', '--nonsense=1', 'FILE'],
    ['--size', 'FILE'],
    ['--seconds=1', 'FILE'],
    [...GOOD, '--size=4095', 'FILE'],
    [...GOOD, '--size=-4096', 'FILE'],
    [...GOOD, '--size=99999999999999999999999', 'FILE'],
    [...GOOD, '--size=4KiB', 'FILE'],
    [...GOOD, '--block=8192', 'FILE'],
    [...GOOD, '--block=513', 'FILE'],
    [...GOOD, '--block=0', 'FILE'],
    [...GOOD, '--block=1536', 'FILE'],
    [...GOOD, '--threads=0', 'FILE'],
    [...GOOD, '--threads=513', 'FILE'],
    [...GOOD, '--threads=', 'FILE'],
    [...GOOD, '--threads=1.5', 'FILE'],
    [...GOOD, '--seconds=0', 'FILE'],
    [...GOOD, '--seconds=nan', 'FILE'],
    [...GOOD, '--seconds=inf', 'FILE'],
    [...GOOD, '--seconds=', 'FILE'],
    [...GOOD, '--warm-up=-1', 'FILE'],
    [...GOOD, '--direct=2', 'FILE'],
    [...GOOD, '--mode=aio', 'FILE'],
    [...GOOD, '--operation=trim', 'FILE'],
    [...GOOD, '--mode=mmap', '--operation=write', 'FILE'],
    [...GOOD, '--mode=mmap', '--direct=1', 'FILE'],
    [...GOOD, '--operation=write', '--block=512', 'FILE'],
  ]
  for (const args of BAD) {
    test(`is said before it begins, bad arguments: ${args.join(' ')}`, { skip }, () => {
      const { status, stdout, stderr } = spawnSync(nativeProgram(), args, { encoding: 'utf8' })
      assert.equal(status, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /^[^\n]+\n$/)
    })
  }
})

describe('building it', () => {
  /** Calls with another CC, for which nothing is built yet. */
  function refusalWith(compiler: string, searched = process.env.PATH): string | null {
    const { CC, PATH } = process.env
    try {
      Object.assign(process.env, { CC: compiler, PATH: searched })
      return nativeRefusal()
    } finally {
      process.env.PATH = PATH
      if (CC === undefined) delete process.env.CC
      else process.env.CC = CC
    }
  }

  test('happens once', { skip }, () => {
    assert.equal(nativeProgram(), nativeProgram())
    assert.equal(refusalWith(process.env.CC ?? '', '/nonexistent'), null)
  })

  test('is refused in one line without a compiler', () => {
    assert.equal(
      refusalWith(' ', '/nonexistent'),
      'no C compiler is installed (apt-get install gcc libc6-dev)',
    )
    assert.match(refusalWith('/nonexistent/cc -g')!, /^[^\n]*not there: \/nonexistent\/cc$/)
  })

  test("is refused with the compiler's first error", { skip }, () => {
    const compiler = process.env.CC || compilerHere()
    const refusal = refusalWith(`${compiler} -include /nonexistent.h`)
    assert.match(refusal!, /^[^\n]* ended with 1: [^\n]*error: [^\n]*\/nonexistent\.h[^\n]*$/)
  })

  function compilerHere(): string {
    const there = (name: string): boolean => spawnSync(name, ['--version']).error === undefined
    return ['cc', 'gcc', 'clang'].find(there) ?? assert.fail('the program was built by something')
  }
})
