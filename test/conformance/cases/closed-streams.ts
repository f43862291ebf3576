// Streams whose file is closed under them: they end without an error, as node:fs's do.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Client, UringFile, UringReadStream } from '@uring-actor/client'
import { within } from '../../support/outcome.ts'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const CONTENT = pattern(300_001)

/** What ours and node's files have in common here. */
interface Handle {
  createReadStream(options: object): Readable
  createWriteStream(options: object): Writable
  close(): Promise<void>
}

type Opener = (path: string, flags: string) => Promise<Handle>

/** Node's own, and ours. */
function openers(client: Client): [Opener, Opener] {
  const ours = async (path: string, flags: string): Promise<Handle> => client.open(path, flags)
  return [(path, flags) => fs.promises.open(path, flags), ours]
}

const EVENTS = ['error', 'end', 'finish', 'close'] as const

/** The events of a stream, as they come. */
function eventsOf(stream: Readable | Writable): string[] {
  const events: string[] = []
  for (const name of EVENTS) stream.on(name, (error) => events.push(error?.code ?? name))
  return events
}

async function stateOf(stream: Readable | Writable, events: string[]): Promise<unknown> {
  await setImmediate()
  const { destroyed, closed, errored } = stream
  return { events, destroyed, closed, errored }
}

/** How far a read stream has come when its file is closed. */
const READERS: Readonly<Record<string, (stream: Readable) => Promise<unknown>>> = {
  'not yet read': async () => {},
  'listened to': async (stream) => stream.on('data', () => {}),
  flowing: (stream) => once(stream, 'data'),
  paused: async (stream) => {
    await once(stream, 'data')
    stream.pause()
  },
  'read in part': (stream) => once(stream, 'readable'),
}

export async function aReadStreamEndsAsInNode({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), CONTENT)
  for (const [what, use] of Object.entries(READERS)) {
    for (const autoClose of [true, false]) {
      const seen: unknown[] = []
      for (const open of openers(client)) {
        const file = await open(at, 'r')
        const stream = file.createReadStream({ autoClose, highWaterMark: 1000 })
        const events = eventsOf(stream)
        await use(stream)
        await file.close()
        events.push('closed the file')
        seen.push(await stateOf(stream, events))
      }
      assert.deepEqual(seen[1], seen[0], `${what}, autoClose: ${autoClose}`)
    }
  }
}

/** What a write stream has been given when its file is closed. */
const WRITERS: Readonly<Record<string, (stream: Writable) => Promise<unknown>>> = {
  nothing: async () => {},
  'what was written': (stream) => new Promise((resolve) => stream.write('text', resolve)),
  'what waits': async (stream) => {
    for (let count = 0; count < 5; count++) stream.write(pattern(50_000, count))
  },
  'what waits, corked': async (stream) => {
    stream.cork()
    for (let count = 0; count < 5; count++) stream.write(pattern(50_000, count))
  },
}

export async function aWriteStreamWritesTheRestAsInNode({ client, path }: Context): Promise<void> {
  for (const [what, use] of Object.entries(WRITERS)) {
    for (const options of [{}, { autoClose: false }, { flush: true }, { highWaterMark: 10 }]) {
      const seen: unknown[] = []
      for (const open of openers(client)) {
        const file = await open(path('file'), 'w')
        const stream = file.createWriteStream(options)
        const events = eventsOf(stream)
        await use(stream)
        await file.close()
        const content = fs.readFileSync(path('file')).toString('hex')
        events.push('closed the file')
        seen.push({ state: await stateOf(stream, events), content })
      }
      assert.deepEqual(seen[1], seen[0], `${what}, ${JSON.stringify(options)}`)
    }
  }
}

export async function theEndOfOneStreamEndsTheOthersAsInNode({
  client,
  path,
}: Context): Promise<void> {
  const seen: unknown[] = []
  for (const open of openers(client)) {
    const at = fileWith(path('file'), CONTENT)
    const file = await open(at, 'r+')
    const first = file.createReadStream({ start: 0, end: 10 })
    const other = file.createReadStream({ start: 0 })
    const write = file.createWriteStream({ start: 0 })
    const events = [first, other, write].map(eventsOf)
    write.write('text')
    await once(first.resume(), 'close')
    await file.close()
    await setImmediate()
    seen.push([events, fs.readFileSync(at, 'utf8').slice(0, 4)])
  }
  assert.deepEqual(seen[1], seen[0])
}

export async function aStreamThatNobodyDestroysStaysAsInNode({
  client,
  path,
}: Context): Promise<void> {
  const seen: unknown[] = []
  for (const open of openers(client)) {
    const file = await open(fileWith(path('file'), CONTENT), 'r+')
    const writeOnly = await open(path('other'), 'w')
    const read = file.createReadStream({ autoClose: false, start: 0 })
    const failing = writeOnly.createReadStream({ autoClose: false })
    const write = file.createWriteStream({ autoClose: false, start: 0 })
    const streams = [read, failing, write]
    const events = streams.map(eventsOf)
    read.resume()
    failing.resume()
    write.end('text')
    await Promise.all([once(read, 'end'), once(write, 'finish'), once(failing, 'error')])
    await setImmediate()
    seen.push(streams.map(({ destroyed, closed }, index) => [...events[index]!, destroyed, closed]))
    // Node's close of a file with such a write stream would wait for it.
    for (const stream of streams) stream.destroy()
    await Promise.all([file.close(), writeOnly.close()])
  }
  assert.deepEqual(seen[1], seen[0])
}

export async function linesEndWithTheirFile({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'line\n'.repeat(100_000)))
  let seen = 0
  let closed: Promise<void> | null = null
  for await (const line of file.readLines()) {
    assert.equal(line, 'line')
    if (++seen === 3) closed = file.close()
  }
  await closed
  assert.ok(seen >= 3)
}

/** Node's own is not asked: Node 20 aborts the process, because a stream that was read holds its file. */
export async function webStreamsAreAtTheirEnd({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), CONTENT)
  for (const whileReading of [true, false]) {
    const [file, other] = [await client.open(at), await client.open(at)]
    const reader = file.readableWebStream().getReader()
    const byob = other.readableWebStream({ autoClose: true }).getReader({ mode: 'byob' })
    assert.equal((await reader.read()).done, false)
    const reads = whileReading ? [reader.read(), byob.read(new Uint8Array(10))] : []
    await Promise.all([file.close(), other.close()])
    reads.push(reader.read(), byob.read(new Uint8Array(10)))
    for (const read of reads) assert.equal((await read).done, true)
    await Promise.all([reader.closed, byob.closed])
  }
}

export async function aBlockingCloseDestroysThem({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), CONTENT), 'r+')
  const read = file.createReadStream()
  const write = file.createWriteStream({ start: 0 })
  const web = file.readableWebStream().getReader()
  const streams = [read, write]
  const events = streams.map(eventsOf)
  file.closeSync()
  await setImmediate()
  assert.deepEqual(events, [['close'], ['close']])
  assert.equal((await web.read()).done, true)
  await file.close()
}

/** None is held by the file that is over, though the file stays open. */
export async function manyStreamsOneAfterTheOtherShareAFile({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'text'), 'r+')
  const held: WeakRef<UringReadStream>[] = []
  for (let count = 0; count < 300; count++) held.push(new WeakRef(await readOnce(file)))
  await setImmediate()
  globalThis.gc?.()
  const kept = held.filter((stream) => stream.deref() !== undefined).length
  if (globalThis.gc !== undefined) assert.ok(kept < 30, `${kept} streams were kept`)
  await file.close()
}

async function readOnce(file: UringFile): Promise<UringReadStream> {
  const stream = file.createReadStream({ autoClose: false, start: 0 })
  const [bytes] = (await once(stream, 'data')) as [Buffer]
  assertBytes(bytes, Buffer.from('text'))
  await once(stream, 'end')
  return stream
}

export async function aStreamThatWasWrittenToBehindItsEndHoldsUpNoClose({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const stream = file.createWriteStream({ autoClose: false })
  const failed = once(stream, 'error')
  stream.write('x')
  stream.end()
  stream.write('y')
  assert.equal((await failed)[0].code, 'ERR_STREAM_WRITE_AFTER_END')
  await within(10_000, 'close', file.close())
  assert.equal(fs.readFileSync(path('file'), 'utf8'), 'x')
}

export async function aReaderWithHalfAnElementHoldsUpNoClose({
  client,
  path,
}: Context): Promise<void> {
  for (const way of ['close', 'closeSync'] as const) {
    const file = await client.open(fileWith(path('file'), 'x'))
    const another = file.createReadStream({ autoClose: false, start: 0 })
    const reader = file.readableWebStream().getReader({ mode: 'byob' })
    const read = reader.read(new Uint16Array(8)).catch((error) => error)
    // The byte comes at any moment from here on.
    for (let turn = 0; turn < (way === 'close' ? 3 : 30); turn++) await setImmediate()
    await within(10_000, way, (async () => file[way]())())
    await within(10_000, 'the reader', read)
    assert.equal(file.closed, true)
    await within(10_000, 'close again', file.close())
    assert.ok(another.destroyed)
  }
}
