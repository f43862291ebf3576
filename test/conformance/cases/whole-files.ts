// readFile, writeFile and appendFile: from the file's own position on, as FileHandle's.
import assert from 'node:assert/strict'
import { constants } from 'node:buffer'
import fs from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { connect, type UringFile } from '@uring-actor/client'
import { within } from '../../support/outcome.ts'
import type { Context } from '../context.ts'
import { assertBytes, assertSameOutcome, fileWith, pattern, WAYS } from '../ways.ts'

const LENGTHS = [0, 1, 4096, 65535, 65536, 65537, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20 + 5]

export async function aFileIsReadToItsEnd({ client, path }: Context): Promise<void> {
  for (const length of LENGTHS) {
    const at = fileWith(path('file'), pattern(length))
    for (const way of WAYS) {
      const file = await way.open(client, at)
      assertBytes((await way.call(file, 'readFile')) as Buffer, pattern(length), `${length} bytes`)
      // The file's own position is at the end now.
      assert.equal(((await way.call(file, 'readFile')) as Buffer).length, 0)
      await file.close()
    }
  }
}

export async function readingBeginsAtTheOwnPosition({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(10_000))
  for (const way of WAYS) {
    const file = await way.open(client, at)
    await way.read(file, Buffer.alloc(1234))
    assertBytes((await way.call(file, 'readFile')) as Buffer, pattern(10_000).subarray(1234))
    await file.close()
  }
}

export async function textIsDecodedAsInNode({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), 'Grüße, 漢字 🙂\n')
  const options = [
    'utf8',
    'latin1',
    'hex',
    'base64',
    'utf16le',
    null,
    undefined,
    {},
    { encoding: null },
    { encoding: 'utf8' },
    { encoding: 'ascii' },
  ] as unknown[]
  for (const option of options) {
    const handle = await fs.promises.open(at)
    const expected = await handle.readFile(option as null)
    await handle.close()
    for (const way of WAYS) {
      const file = await way.open(client, at)
      const seen = await way.call(file, 'readFile', option)
      assert.deepEqual(seen, expected, `${way.name} ${JSON.stringify(option)}`)
      await file.close()
    }
  }
}

export async function filesOfUnknownSizeAreReadWhole({ client }: Context): Promise<void> {
  for (const at of ['/proc/version', '/proc/self/environ', '/proc/filesystems']) {
    for (const way of WAYS) {
      const file = await way.open(client, at)
      assertBytes((await way.call(file, 'readFile')) as Buffer, fs.readFileSync(at), at)
      await file.close()
    }
  }
}

export async function filesThatGrowMeanwhileAreReadToTheirEnd({
  client,
  path,
}: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(70_000))
  const file = await client.open(at)
  const read = file.readFile()
  fs.appendFileSync(at, pattern(70_000))
  const seen = (await read) as Buffer
  assert.ok(seen.length === 70_000 || seen.length === 140_000, `${seen.length} bytes`)
  assertBytes(seen.subarray(0, 70_000), pattern(70_000))
  await file.close()
}

/** The same calls on both files leave the same bytes. */
async function sameFile(
  { client, path }: Context,
  flags: string,
  calls: (file: Pick<UringFile, 'writeFile' | 'appendFile'>) => Promise<void>,
): Promise<void> {
  const ours = fileWith(path('ours'), 'old content, rather long')
  const nodes = fileWith(path('nodes'), 'old content, rather long')
  const file = await client.open(ours, flags)
  const handle = await fs.promises.open(nodes, flags)
  await calls(file)
  await calls(handle as never)
  await file.close()
  await handle.close()
  assertBytes(fs.readFileSync(ours), fs.readFileSync(nodes), `flags '${flags}'`)
}

export async function wholeFilesAreWrittenAsInNode(context: Context): Promise<void> {
  for (const flags of ['w', 'r+', 'a']) {
    await sameFile(context, flags, (file) => file.writeFile('text ä'))
    await sameFile(context, flags, (file) => file.writeFile(''))
    await sameFile(context, flags, (file) => file.writeFile('ff00', 'hex'))
    await sameFile(context, flags, (file) => file.writeFile('äö', { encoding: 'latin1' }))
    await sameFile(context, flags, (file) => file.writeFile(pattern(3_000_000)))
    await sameFile(context, flags, (file) => file.writeFile(Float32Array.of(1, 2, 3)))
    await sameFile(context, flags, (file) => file.writeFile(new DataView(new ArrayBuffer(3))))
    await sameFile(context, flags, async (file) => {
      await file.writeFile('one ')
      await file.appendFile('two ')
      await file.appendFile(Buffer.from('three'))
    })
  }
}

export async function piecesAreWrittenAsInNode(context: Context): Promise<void> {
  const pieces = ['one ', Buffer.from('two '), '', Uint16Array.of(0x3333), pattern(1_500_000)]
  const later = async function* () {
    for (const piece of pieces) {
      await setImmediate()
      yield piece
    }
  }
  for (const flags of ['w', 'r+', 'a']) {
    await sameFile(context, flags, (file) => file.writeFile(pieces))
    await sameFile(context, flags, (file) => file.writeFile(new Set(pieces)))
    await sameFile(context, flags, (file) => file.writeFile(later()))
    await sameFile(context, flags, (file) => file.writeFile(Readable.from(['ä', 'ö']), 'latin1'))
    await sameFile(context, flags, (file) => file.appendFile([]))
  }
}

export async function piecesEndWithTheFirstErrorOrAbort({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const controller = new AbortController()
  let left = false
  const pieces = function* () {
    try {
      yield 'first'
      controller.abort()
      yield 'second'
      yield 'third'
    } finally {
      left = true
    }
  }
  const { signal } = controller
  await assert.rejects(file.writeFile(pieces(), { signal }), { name: 'AbortError' })
  await client.flush()
  assert.equal(left, true, 'the iterator was told')
  assert.equal(fs.readFileSync(path('file'), 'utf8'), 'first')
  const failing = function* () {
    yield ' and more'
    throw new Error('of the iterable')
  }
  await assert.rejects(file.writeFile(failing()), { message: 'of the iterable' })
  await assert.rejects(file.writeFile(['!', 5 as never]), { code: 'ERR_INVALID_ARG_TYPE' })
  assert.equal(fs.readFileSync(path('file'), 'utf8'), 'first and more!')
  await file.close()
  await assert.rejects(file.writeFile(['text']), { code: 'EBADF' })
}

export async function longReadsAtTheOwnPositionFollowOneAnother({
  client,
  path,
}: Context): Promise<void> {
  const content = pattern(7 * 2 ** 20 + 77)
  const at = fileWith(path('file'), content)
  for (const way of WAYS) {
    const file = await way.open(client, at)
    // Longer than what goes down in one piece; the second read meets the end.
    const bytes = Buffer.alloc(5 * 2 ** 20)
    assert.equal(await way.read(file, bytes), bytes.length)
    assertBytes(bytes, content.subarray(0, bytes.length))
    assert.equal(await way.read(file, bytes), content.length - bytes.length)
    assertBytes(bytes.subarray(0, content.length - bytes.length), content.subarray(bytes.length))
    assert.equal(await way.read(file, bytes), 0)
    await file.close()
  }
}

export async function aFileThatNoBufferHoldsIsRefused({
  client,
  path,
  skip,
}: Context): Promise<void> {
  // From Node 22 on it is 2^53 - 1 bytes, and no filesystem makes a file that is longer.
  if (constants.MAX_LENGTH > 2 ** 40) skip('a Buffer of this Node can be as long as any file')
  const at = fileWith(path('file'), '')
  fs.truncateSync(at, constants.MAX_LENGTH + 1)
  for (const way of WAYS) {
    const file = await way.open(client, at)
    await assert.rejects(async () => way.call(file, 'readFile'), { code: 'ERR_FS_FILE_TOO_LARGE' })
    await file.close()
  }
}

export async function wrongDataFailsAsInNode({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const handle = await fs.promises.open(path('file'), 'r+')
  for (const wrong of [undefined, null, 5, true, {}, () => {}]) {
    const facts = (error: NodeJS.ErrnoException) => ({ name: error.name, code: error.code })
    const seen = await file.writeFile(wrong as never).then(() => 'no error', facts)
    const expected = await handle.writeFile(wrong as never).then(() => 'no error', facts)
    assert.deepEqual(seen, expected, `writeFile(${String(wrong)})`)
  }
  for (const encoding of ['nonsense', { encoding: 'nonsense' }]) {
    await assertSameOutcome(
      () => file.readFile(encoding as never).catch((error) => Promise.reject(codeOnly(error))),
      () => handle.readFile(encoding as never).catch((error) => Promise.reject(codeOnly(error))),
      `readFile(${JSON.stringify(encoding)})`,
    )
  }
  await handle.close()
  await file.close()
}

function codeOnly({ name, code }: NodeJS.ErrnoException): Error {
  return Object.assign(new Error(''), { name, code })
}

/** Pieces that come as their reader has time for them. */
async function* slowPieces(): AsyncGenerator<string> {
  for (let piece = 0; piece < 3; piece++) {
    await setImmediate()
    yield 'AB'
  }
}

export async function whoClosesWaitsForAllPieces({ client, path }: Context): Promise<void> {
  const sources = {
    asynchronous: () => slowPieces(),
    stream: () => Readable.from(slowPieces()),
    atOnce: () => ['AB', 'AB', 'AB'],
  }
  for (const [name, source] of Object.entries(sources)) {
    const file = await client.open(path(name), 'w')
    const written = file.writeFile(source())
    await file.close()
    assert.equal(fs.readFileSync(path(name), 'utf8'), 'ABABAB', name)
    await written
  }
}

export async function aClosingClientWaitsForNoPiecesToCome({
  client,
  path,
}: Context): Promise<void> {
  const source = fileWith(path('source'), pattern(8 * 2 ** 20))
  const piecesOf = {
    stream: (file: UringFile) => file.createReadStream(),
    'web stream': (file: UringFile) => file.readableWebStream({ autoClose: true }),
    async *generator(file: UringFile) {
      try {
        for (;;) {
          await setImmediate()
          const { bytesRead, buffer } = await file.read(Buffer.alloc(1000))
          if (bytesRead === 0) return
          yield buffer
        }
      } finally {
        await file.close()
      }
    },
    stalled: () => new PassThrough(),
  }
  for (const [name, pieces] of Object.entries(piecesOf)) {
    const other = connect()
    const [from, to] = [await other.open(source), await other.open(path('target'), 'w')]
    const copied = to.writeFile(pieces(from) as AsyncIterable<Buffer>).catch(({ code }) => code)
    await setImmediate()
    const closed = [to.close(), other.close(), from.close()]
    await within(10_000, `${name}: the closes`, Promise.all(closed))
    if (name !== 'stalled') {
      const codes = /^(undefined|ERR_URING_CLIENT_CLOSED|EBADF|ERR_STREAM_PREMATURE_CLOSE)$/
      assert.match(`${await copied}`, codes, name)
    }
  }
  await client.nop()
}

export async function aStalledSourceThatIsGivenUpHoldsUpNoClose({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const source = new PassThrough()
  source.write('first')
  // Not AbortSignal.any(): Node 20 may collect what it was made of, and then it is never aborted.
  const signal = AbortSignal.timeout(50)
  await assert.rejects(file.writeFile(source, { signal }), { name: 'AbortError' })
  await within(10_000, 'close', file.close())
  assert.equal(fs.readFileSync(path('file'), 'utf8'), 'first')
}

export async function whatIsDrainedWhileACloseWaitsForPiecesIsDone({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const another = await client.open(path('another'), 'w')
  const written = file.writeFile(slowPieces())
  const closed = file.close()
  const drained = another.datasync({ drain: true })
  const flushed = client.flush()
  await within(10_000, 'all', Promise.all([written, closed, drained, flushed]))
  assert.equal(fs.readFileSync(path('file'), 'utf8'), 'ABABAB')
  await another.close()
}

export async function piecesMayComeOfDrainedOperations({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  async function* pieces(): AsyncGenerator<string> {
    for (let piece = 0; piece < 3; piece++) {
      await client.nop({ drain: true })
      await client.flush()
      yield 'AB'
    }
  }
  const drained = client.nop({ drain: true })
  await file.writeFile(pieces())
  await drained
  assert.equal(fs.readFileSync(path('file'), 'utf8'), 'ABABAB')
  await file.close()
}
