// readableWebStream: a file as a byte stream of the web's kind.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { arrayBuffer } from 'node:stream/consumers'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const CONTENT = pattern(300_001)

/**
 * Node's own stream of the same file is not asked: with Node.js 20.20.2 it has ended the process now and then
 * (SIGSEGV in node::fs::FileHandle::ReadStart, without a listener: nodejs/node issue 56116).
 */
export async function aWebStreamGivesAllBytesOfTheFile({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), CONTENT)
  const file = await client.open(at)
  const seen = await arrayBuffer(file.readableWebStream())
  assertBytes(new Uint8Array(seen), fs.readFileSync(at))
  assert.equal(seen.byteLength, CONTENT.length)
  assert.equal(file.closed, false, 'the file stays open')
  await file.close()
}

export async function aWebStreamBeginsAtTheOwnPosition({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), CONTENT))
  await file.read(Buffer.alloc(1234))
  const seen = await arrayBuffer(file.readableWebStream({ type: 'bytes' }))
  assertBytes(new Uint8Array(seen), CONTENT.subarray(1234))
  await file.close()
}

export async function aWebStreamFillsTheCallersBuffers({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), CONTENT))
  const reader = file.readableWebStream({ autoClose: true }).getReader({ mode: 'byob' })
  const chunks: Uint8Array[] = []
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(100_000))
    if (done) break
    assert.ok(value.length > 0)
    chunks.push(value)
  }
  assertBytes(Buffer.concat(chunks), CONTENT)
  assert.equal(file.closed, true)
}

export async function aWebStreamThatIsCancelledClosesItsFile({
  client,
  path,
}: Context): Promise<void> {
  for (const autoClose of [true, false]) {
    const file = await client.open(fileWith(path('file'), CONTENT))
    const reader = file.readableWebStream({ autoClose }).getReader()
    assert.ok((await reader.read()).value instanceof Uint8Array)
    await reader.cancel()
    assert.equal(file.closed, autoClose)
    await file.close()
  }
}

export async function aWebStreamTellsTheErrorOfTheFile({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  const stream = file.readableWebStream({ autoClose: true })
  await assert.rejects(arrayBuffer(stream), { code: 'EBADF', syscall: 'read' })
  assert.equal(file.closed, true)
}

export async function aWebStreamCanBeHadOnce({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), CONTENT))
  for (const wrong of [{ autoClose: 1 }, { type: 'text' }]) {
    assert.throws(() => file.readableWebStream(wrong as never), { code: /ERR_INVALID_ARG/ })
  }
  const stream = file.readableWebStream()
  assert.throws(() => file.readableWebStream(), { code: 'ERR_INVALID_STATE' })
  await stream.cancel()
  await file.close()
  const closed = await client.open(path('file'))
  await closed.close()
  assert.throws(() => closed.readableWebStream(), { code: 'ERR_INVALID_STATE' })
}
