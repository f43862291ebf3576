// Streams over a file, alone and in pipelines.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { ReadStreamOptions } from '@uring-actor/client'
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

export async function linesComeOneByOne({ client, path }: Context): Promise<void> {
  const lines = Array.from({ length: 5000 }, (_, n) => `line ${n} ä`)
  const file = await client.open(fileWith(path('file'), lines.join('\r\n')))
  const seen: string[] = []
  for await (const line of file.readLines()) seen.push(line)
  assert.deepEqual(seen, lines)
  assert.equal(file.closed, true)
}
