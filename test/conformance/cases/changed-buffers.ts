// Memory that is taken away while an operation on it is in flight: an error, never a crash, and
// nothing reaches memory that has another owner by then.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Client, UringFile } from '@uring-actor/client'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const CHANGED = { name: 'UringError', code: 'ERR_URING_BUFFER_CHANGED' }

function detach(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] })
  assert.equal(buffer.byteLength, 0)
}

/** So many operations are posted that whatever follows has to wait in line. */
function fillTheChannel(client: Client): Promise<unknown> {
  return Promise.all(Array.from({ length: 1500 }, () => client.nop()))
}

/** Shows that the arena is as it was: bytes put in everywhere are found again. */
async function assertArenaUntouched(client: Client): Promise<void> {
  const leases = []
  for (let size = 2 ** 20; leases.length < 12; ) {
    try {
      leases.push(client.alloc(size))
    } catch {
      size >>= 1
      if (size < 4096) break
    }
  }
  for (const lease of leases) lease.fill(0xa5)
  await client.flush()
  await new Promise((resolve) => setTimeout(resolve, 5))
  for (const lease of leases) {
    const wrong = lease.findIndex((byte) => byte !== 0xa5)
    assert.equal(wrong, -1, 'memory in use was written to by an operation that had failed')
    lease.release()
  }
}

export async function aBufferDetachedUnderAReadIsAnError({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(6_000_000)))
  for (const length of [1, 4096, 2 ** 20, 2 ** 20 + 1, 5_000_000]) {
    const buffer = new ArrayBuffer(length)
    // With this under way no read is done at once, while its buffer is still there.
    const status = file.stat()
    const read = file.read(new Uint8Array(buffer), 0, length, 0)
    detach(buffer)
    await assert.rejects(read, CHANGED, `${length} bytes`)
    await status
    await assertArenaUntouched(client)
  }
  await file.close()
}

export async function aBufferDetachedUnderALongTransferIsAnError({
  client,
  path,
}: Context): Promise<void> {
  const length = 40_000_000
  const file = await client.open(fileWith(path('file'), pattern(length)), 'r+')
  for (const method of ['read', 'write'] as const) {
    for (const turns of [0, 1, 2]) {
      const buffer = new ArrayBuffer(length)
      const view = new Uint8Array(buffer)
      const transfer =
        method === 'read' ? file.read(view, 0, length, 0) : file.write(view, 0, length, 0)
      const failed = assert.rejects(transfer, CHANGED, `${method}, after ${turns} turns`)
      // Far less than the transfer takes: some of its pieces are done, some in flight.
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
      detach(buffer)
      await failed
      await assertArenaUntouched(client)
    }
  }
  await file.close()
}

export async function aBufferDetachedWhileItWaitsInLineIsAnError({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(4096)), 'r+')
  const busy = fillTheChannel(client)
  const buffers = [1, 2, 3, 4].map(() => new ArrayBuffer(4096))
  const views = buffers.map((buffer) => new Uint8Array(buffer))
  const failed = [
    assert.rejects(file.read(views[0]!, 0, 4096, 0), CHANGED, 'read'),
    assert.rejects(file.write(views[1]!, 0, 4096, 0), CHANGED, 'write'),
    assert.rejects(file.readv([Buffer.alloc(1), views[2]!], 0), CHANGED, 'readv'),
  ]
  for (const buffer of buffers) detach(buffer)
  await Promise.all([busy, ...failed])
  assertBytes(fs.readFileSync(path('file')), pattern(4096), 'the file')
  await file.close()
}

export async function aBufferDetachedUnderAChainIsAnError({
  client,
  path,
}: Context): Promise<void> {
  const length = 600_000
  const file = await client.open(fileWith(path('file'), pattern(length)), 'r+')
  for (const waiting of [false, true]) {
    for (const kind of ['read', 'write'] as const) {
      const busy = waiting ? fillTheChannel(client) : null
      const buffer = new ArrayBuffer(length)
      const chain = client.chain((c) => c.nop()[kind](file, new Uint8Array(buffer), 0, length, 0))
      // A write's bytes are taken when it is posted: that is at once, unless it waits.
      const done = kind === 'write' && !waiting
      const failed = done ? chain : assert.rejects(chain, CHANGED, `${kind}, in line: ${waiting}`)
      detach(buffer)
      await failed
      await busy
      await assertArenaUntouched(client)
      const expected = done ? Buffer.alloc(length) : pattern(length)
      assertBytes(fs.readFileSync(path('file')), expected, `the file after ${kind}`)
      fs.writeFileSync(path('file'), pattern(length))
    }
  }
  await file.close()
}

export async function vectorsTellWhenOneOfThemChanged({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)))
  for (const taken of [0, 1, 2]) {
    const buffers = [10, 20, 30].map((length) => new ArrayBuffer(length))
    const read = file.readv(
      buffers.map((buffer) => new Uint8Array(buffer)),
      0,
    )
    detach(buffers[taken]!)
    await assert.rejects(read, CHANGED, `the buffer ${taken}`)
  }
  await file.close()
}

async function resized(
  file: UringFile,
  length: number,
  change: (buffer: ArrayBuffer) => void,
): Promise<Uint8Array> {
  const buffer = new ArrayBuffer(length, { maxByteLength: 2 * length })
  const view = new Uint8Array(buffer)
  const status = file.stat()
  const read = file.read(view, 0, length, 0)
  change(buffer)
  await assert.rejects(read, CHANGED, `${length} bytes`)
  await status
  return view
}

export async function aBufferResizedUnderAReadIsAnError({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(5_000_000)))
  for (const length of [10, 4096, 5_000_000]) {
    const shrunk = await resized(file, length, (buffer) => buffer.resize(length / 2))
    assert.equal(shrunk.length, length / 2)
    const emptied = await resized(file, length, (buffer) => buffer.resize(0))
    assert.equal(emptied.length, 0)
    await resized(file, length, (buffer) => {
      buffer.resize(length / 2)
      detach(buffer)
    })
    await assertArenaUntouched(client)
  }
  await file.close()
}

export async function aViewOutOfBoundsAtTheCallReadsNothing({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)), 'r+')
  const buffer = new ArrayBuffer(64, { maxByteLength: 128 })
  const view = new Uint8Array(buffer, 32, 32)
  buffer.resize(40)
  assert.equal(view.byteLength, 0)
  assert.equal((await file.read(view)).bytesRead, 0)
  assert.equal((await file.write(view)).bytesWritten, 0)
  assert.equal(file.readSync(view), 0)
  assert.equal(file.writeSync(view), 0)
  const gone = new Uint8Array(16)
  detach(gone.buffer)
  assert.equal((await file.read(gone)).bytesRead, 0)
  assert.equal((await file.write(gone)).bytesWritten, 0)
  assertBytes(fs.readFileSync(path('file')), pattern(100))
  await file.close()
}
