// Streams over a file, alone and in pipelines.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { ReadStreamOptions } from '@uring-actor/client'
import { SlowPipe } from '../../support/pipe.ts'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function readStreamsGiveTheBytesNodesGive({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(200_001))
  const options: ReadStreamOptions[] = [
    {},
    { start: 5 },
    { start: 5, end: 5 },
    { start: 100, end: 150_000 },
    { end: 10 },
    { start: 200_000 },
    { start: 300_000 },
    { highWaterMark: 1000 },
    { start: 7, highWaterMark: 1 << 20 },
  ]
  for (const option of options) {
    const file = await client.open(at)
    const handle = await fs.promises.open(at)
    const seen = await collect(file.createReadStream(option))
    const expected = await collect(handle.createReadStream(option as object))
    assertBytes(seen, expected, JSON.stringify(option))
    assert.equal(file.closed, true, 'the stream closes its file')
  }
}

export async function readStreamsDecodeText({ client, path }: Context): Promise<void> {
  const words = 'Grüße, 漢字 🙂\n'.repeat(10_000)
  const at = fileWith(path('file'), words)
  for (const option of ['utf8' as const, { encoding: 'utf8' as const, highWaterMark: 7 * 100 }]) {
    const file = await client.open(at)
    assert.equal(await text(file.createReadStream(option)), words)
  }
}

export async function streamsNeedNoOptions({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), 'text\n')
  for (const options of [null, undefined]) {
    assert.equal(await text((await client.open(at)).createReadStream(options)), 'text\n')
    const lines = (await client.open(at)).readLines(options)
    assert.deepEqual(await once(lines, 'line'), ['text'])
    const to = (await client.open(at, 'r+')).createWriteStream(options)
    await new Promise<void>((resolve) => to.end('Text', resolve))
    assert.equal(fs.readFileSync(at, 'utf8'), 'Text\n')
    fileWith(at, 'text\n')
  }
}

export async function autoCloseIsHonoured({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(1000)), 'r+')
  assertBytes(await collect(file.createReadStream({ autoClose: false, start: 0 })), pattern(1000))
  assert.equal(file.closed, false)
  const stream = file.createWriteStream({ autoClose: false, start: 0 })
  await new Promise<void>((resolve) => stream.end('text', resolve))
  assert.equal(file.closed, false)
  await file.close()
}

export async function writeStreamsWriteEverything({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const stream = file.createWriteStream()
  const content = pattern(1_000_000)
  const finished = new Promise((resolve, reject) => {
    stream.on('close', resolve)
    stream.on('error', reject)
  })
  for (let at = 0; at < content.length; at += 999) stream.write(content.subarray(at, at + 999))
  stream.end('the end')
  await finished
  assert.equal(file.closed, true)
  assertBytes(fs.readFileSync(path('file')), Buffer.concat([content, Buffer.from('the end')]))
}

export async function writeStreamsBeginWhereTheyAreTold({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'x'.repeat(20)), 'r+')
  const stream = file.createWriteStream({ start: 5, encoding: 'latin1' })
  stream.write('äö')
  await new Promise<void>((resolve) => stream.end('ü', resolve))
  const expected = Buffer.from(`xxxxxäöü${'x'.repeat(12)}`, 'latin1')
  assertBytes(fs.readFileSync(path('file')), expected)
}

export async function pipelinesCopyAFile({ client, path }: Context): Promise<void> {
  const content = pattern(3_000_000)
  const from = await client.open(fileWith(path('from'), content))
  const to = await client.open(path('to'), 'w')
  await pipeline(from.createReadStream(), createGzip({ level: 1 }), to.createWriteStream())
  const packed = await client.open(path('to'))
  const copy = await client.open(path('copy'), 'w')
  await pipeline(packed.createReadStream(), createGunzip(), copy.createWriteStream())
  assertBytes(fs.readFileSync(path('copy')), content)
}

export async function pipelinesTellTheErrorOfTheFile({ client, path }: Context): Promise<void> {
  const readOnly = await client.open(fileWith(path('file'), 'content'))
  const writeOnly = await client.open(path('other'), 'w')
  const read = writeOnly.createReadStream()
  const write = readOnly.createWriteStream()
  await assert.rejects(collect(read), { code: 'EBADF', syscall: 'read' })
  await assert.rejects(pipeline([Buffer.from('text')], write), { code: 'EBADF', syscall: 'write' })
  assert.equal(readOnly.closed, true)
  assert.equal(writeOnly.closed, true)
}

export async function abortedStreamsCloseTheirFile({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(5_000_000)))
  const controller = new AbortController()
  const stream = file.createReadStream({ signal: controller.signal, highWaterMark: 1000 })
  await assert.rejects(
    async () => {
      for await (const _ of stream) controller.abort()
    },
    { name: 'AbortError' },
  )
  assert.equal(file.closed, true)
}

export async function streamsGoOnWithWhatIsAppendedMeanwhile({
  client,
  path,
}: Context): Promise<void> {
  for (const options of [{ start: 0 }, {}]) {
    const at = fileWith(path('file'), pattern(10_500))
    const file = await client.open(at)
    const chunks: Buffer[] = []
    for await (const chunk of file.createReadStream({ ...options, highWaterMark: 1000 })) {
      chunks.push(chunk)
      // By now more has been read than was used: perhaps to what was the end.
      if (chunks.length === 5) fs.appendFileSync(at, pattern(3000, 1))
    }
    const expected = Buffer.concat([pattern(10_500), pattern(3000, 1)])
    assertBytes(Buffer.concat(chunks), expected, JSON.stringify(options))
  }
}

export async function nothingIsTakenFromAPipeThatMayNotBeWanted({
  client,
}: Context): Promise<void> {
  const pipe = new SlowPipe()
  const file = await client.open(pipe.path)
  pipe.feed(4 * 6)
  const stream = file.createReadStream({ highWaterMark: 4, autoClose: false })
  const [first] = (await once(stream, 'data')) as [Buffer]
  assert.equal(first.length, 4)
  stream.destroy()
  // The stream may have asked for the next chunk, and put that into its buffer.
  const { bytesRead } = await file.read(Buffer.alloc(100), 0, 100)
  assert.ok(bytesRead >= 4 * 4, `${bytesRead} bytes were left`)
  await file.close()
  pipe.close()
}

export async function aStreamThatIsGivenUpReadsNoFurther({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(5_000_000)))
  const stream = file.createReadStream({ highWaterMark: 4096, autoClose: false })
  await once(stream, 'data')
  stream.destroy()
  await client.flush()
  const bytes = Buffer.alloc(100)
  await file.read(bytes, 0, 100)
  // Its first chunk, what it had buffered, and what was under way: no more.
  const at = Array.from({ length: 16 }, (_, chunk) => (chunk + 1) * 4096)
  assert.ok(at.some((position) => bytes.equals(pattern(position + 100).subarray(position))))
  await file.close()
}

export async function streamsOfDirectFilesEndWithTheFile({ client, path }: Context): Promise<void> {
  const content = pattern(3 * 65_536 + 1234)
  const at = fileWith(path('file'), content)
  for (const start of [undefined, 0, 65_536]) {
    const file = await client.open(at, fs.constants.O_RDONLY | fs.constants.O_DIRECT)
    const seen = await collect(file.createReadStream({ start }))
    assertBytes(seen, content.subarray(start ?? 0), `from ${start}`)
    assert.equal(file.closed, true)
  }
}

export async function streamsTellPathAndBytesAsNodesDo({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(100_000))
  const from = await client.open(at)
  const to = await client.open(path('copy'), 'w')
  const read = from.createReadStream({ highWaterMark: 1000 })
  const write = to.createWriteStream({ highWaterMark: 10 })
  assert.deepEqual([read.path, read.pending, read.bytesRead], [at, false, 0])
  assert.deepEqual([write.path, write.pending, write.bytesWritten], [path('copy'), false, 0])
  await pipeline(read, write)
  assert.deepEqual([read.bytesRead, write.bytesWritten], [100_000, 100_000])
  assertBytes(fs.readFileSync(path('copy')), pattern(100_000))
}

export async function streamsCanBeClosed({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(100_000))
  for (const autoClose of [true, false]) {
    const from = await client.open(at)
    const read = from.createReadStream({ autoClose })
    await once(read, 'readable')
    const ended = await new Promise<unknown>((resolve) => read.close(resolve))
    assert.equal((ended as NodeJS.ErrnoException).code, 'ERR_STREAM_PREMATURE_CLOSE')
    const to = await client.open(path('copy'), 'w')
    const write = to.createWriteStream({ autoClose })
    write.write('some')
    assert.equal(await new Promise((resolve) => write.close(resolve)), undefined)
    assert.equal(fs.readFileSync(path('copy'), 'utf8'), 'some')
    assert.deepEqual([from.closed, to.closed], [autoClose, autoClose])
    await Promise.all([from.close(), to.close()])
  }
}

export async function aStreamThatFlushesSyncsBeforeItFinishes({
  client,
  path,
}: Context): Promise<void> {
  const syncs = (): number => client.latency().fsync?.total.count ?? 0
  for (const flush of [false, true]) {
    const file = await client.open(path('file'), 'w')
    const before = syncs()
    const stream = file.createWriteStream({ flush })
    stream.end('text')
    await once(stream, 'finish')
    assert.equal(syncs() - before, flush ? 1 : 0)
    if (!file.closed) await once(stream, 'close')
  }
}

export async function closeIsNotEmittedWhereItIsNotWanted({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'text'))
  const stream = file.createReadStream({ emitClose: false })
  let closed = false
  stream.on('close', () => {
    closed = true
  })
  assert.equal(await text(stream), 'text')
  await file.close()
  await setImmediate()
  assert.equal(closed, false)
}

export async function wrongStreamOptionsAreRefusedAtTheCall({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'text'), 'r+')
  const wrong: Array<[object, string]> = [
    [{ start: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ start: '5' }, 'ERR_INVALID_ARG_TYPE'],
    [{ highWaterMark: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    [{ encoding: 'nonsense' }, 'ERR_INVALID_ARG_VALUE'],
    [{ autoClose: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ emitClose: 'no' }, 'ERR_INVALID_ARG_TYPE'],
    [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ signal: null }, 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [options, code] of wrong) {
    const name = JSON.stringify(options)
    assert.throws(() => file.createReadStream(options as object), { code }, `read ${name}`)
    assert.throws(() => file.createWriteStream(options as object), { code }, `write ${name}`)
  }
  // node:fs gives a stream without bytes: a copy by it would be empty without an error.
  assert.throws(() => file.createReadStream({ highWaterMark: 0 }), { code: 'ERR_OUT_OF_RANGE' })
  assert.throws(() => file.createReadStream({ start: 5, end: 4 }), { code: 'ERR_OUT_OF_RANGE' })
  assert.throws(() => file.createWriteStream({ flush: 1 as never }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  assert.equal(await file.readFile('utf8'), 'text', 'the file is as it was')
  await file.close()
}

export async function anAbortedSignalReadsNothing({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'text'))
  const stream = file.createReadStream({ signal: AbortSignal.abort() })
  await assert.rejects(collect(stream), { name: 'AbortError' })
  assert.equal(stream.bytesRead, 0)
  assert.equal(file.closed, true)
}

export async function linesComeOneByOne({ client, path }: Context): Promise<void> {
  const lines = Array.from({ length: 5000 }, (_, n) => `line ${n} ä`)
  const file = await client.open(fileWith(path('file'), lines.join('\r\n')))
  const seen: string[] = []
  for await (const line of file.readLines()) seen.push(line)
  assert.deepEqual(seen, lines)
  assert.equal(file.closed, true)
}
