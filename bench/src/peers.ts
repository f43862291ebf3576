import fs from 'node:fs'
import { spawnActor } from '@uring-actor/actor'
import type { Client, Distribution } from '@uring-actor/client'
import { BUSY, type Case, type CaseInput, IDLE } from './comparison.ts'
import { BlockBuffer } from './data/blocks.ts'
import { BLOCK_BYTES, drive, driveCallbacks, type Meter, measure, timed, warmUp } from './meter.ts'

/** A load of random blocks: the same for ours and for every peer. */
export interface BlockLoad {
  readonly kind: 'read' | 'write'
  readonly depth: number
  readonly direct: boolean
}

/** Opens the file and returns what keeps the load up until its meter ends. */
export type Peer = (
  load: BlockLoad,
  input: Pick<CaseInput, 'file'>,
) => Promise<(meter: Meter) => unknown>

/** A case that measures one peer under a load. */
export function peerCase(name: string, peer: Peer, load: BlockLoad): Case {
  return {
    name,
    run: async (input) => measure(input.seconds, input.size, await peer(load, input)),
    missing: (input) => (load.direct ? directRefusal(input.file) : null),
  }
}

/** Ours, with what its tracing says: busy and idle time of an operation, means in microseconds. */
export function oursCase(load: BlockLoad): Case {
  return {
    name: 'uring-actor',
    role: 'ours',
    run: async (input) => {
      const client = (await spawnActor()).connect()
      const apply = await ours(load, input, client)
      await warmUp(input.seconds, input.size, apply)
      const before = client.latency()[load.kind]
      const sample = await timed(input.seconds, input.size, apply)
      const after = client.latency()[load.kind]!
      const mean = (metric: 'busy' | 'idle'): number =>
        (sumOf(after[metric]) - sumOf(before?.[metric])) /
        (after.total.count - (before?.total.count ?? 0))
      return { ...sample, [BUSY.key]: mean('busy'), [IDLE.key]: mean('idle') }
    },
    missing: (input) => (load.direct ? directRefusal(input.file) : null),
  }
}

function sumOf(distribution: Distribution | undefined): number {
  return distribution === undefined ? 0 : distribution.mean * distribution.count
}

/** Through the actor: plain buffers, or leases for O_DIRECT. */
export const ours = async (
  { kind, depth, direct }: BlockLoad,
  { file: path }: Pick<CaseInput, 'file'>,
  connected?: Client,
): Promise<(meter: Meter) => unknown> => {
  const client = connected ?? (await spawnActor()).connect()
  const file = await client.open(path, flagsOf(kind, direct))
  const buffers = Array.from({ length: depth }, () =>
    blockBuffer(direct ? client.alloc(BLOCK_BYTES) : Buffer.alloc(BLOCK_BYTES)),
  )
  return promiseLoad(file, kind, buffers)
}

export const fsPromises: Peer = async ({ kind, depth, direct }, { file: path }) => {
  const file = await fs.promises.open(path, flagsOf(kind, direct))
  return promiseLoad(file, kind, plainBuffers(depth, direct))
}

/** fs.read or fs.write with a callback. */
export const fsCallback: Peer = async ({ kind, depth, direct }, { file: path }) => {
  const descriptor = fs.openSync(path, flagsOf(kind, direct))
  const buffers = plainBuffers(depth, direct)
  const call = (kind === 'write' ? fs.write : fs.read) as typeof fs.read
  return (meter) =>
    driveCallbacks(meter, depth, (lane, done) => {
      const buffer = buffers[lane]!
      const position = meter.position()
      if (kind === 'write') buffer.make(0, position / BLOCK_BYTES)
      call(descriptor, buffer.bytes, 0, BLOCK_BYTES, position, (error, moved) => {
        if (error !== null) done(error)
        else done(faultOf(kind, moved, buffer, position))
      })
    })
}

/** fs.readSync or fs.writeSync on this thread: one operation at a time, whatever the depth. */
export const fsSync: Peer = async ({ kind, direct }, { file: path }) => {
  const descriptor = fs.openSync(path, flagsOf(kind, direct))
  const buffer = plainBuffers(1, direct)[0]!
  const call = (kind === 'write' ? fs.writeSync : fs.readSync) as typeof fs.readSync
  return (meter) => {
    while (meter.next()) {
      const position = meter.position()
      if (kind === 'write') buffer.make(0, position / BLOCK_BYTES)
      const moved = call(descriptor, buffer.bytes, 0, BLOCK_BYTES, position)
      const fault = faultOf(kind, moved, buffer, position)
      if (fault !== null) throw fault
    }
  }
}

/** Why O_DIRECT cannot be measured on this file; null when it can. */
export function directRefusal(path: string): string | null {
  try {
    fs.closeSync(fs.openSync(path, flagsOf('read', true)))
    return null
  } catch (error) {
    return `the file cannot be opened with O_DIRECT: ${(error as Error).message}`
  }
}

/** What ours and fs.promises have in common. */
export interface PromiseFile {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>
}

function promiseLoad(
  file: PromiseFile,
  kind: 'read' | 'write',
  buffers: readonly BlockBuffer[],
): (meter: Meter) => Promise<void> {
  if (kind === 'write') {
    return (meter) =>
      drive(buffers.length, async (lane) => {
        const buffer = buffers[lane]!
        while (meter.next()) {
          const position = meter.position()
          buffer.make(0, position / BLOCK_BYTES)
          const { bytesWritten } = await file.write(buffer.bytes, 0, BLOCK_BYTES, position)
          if (bytesWritten !== BLOCK_BYTES) throw shortError()
        }
      })
  }
  return (meter) =>
    drive(buffers.length, async (lane) => {
      const buffer = buffers[lane]!
      while (meter.next()) {
        const position = meter.position()
        const { bytesRead } = await file.read(buffer.bytes, 0, BLOCK_BYTES, position)
        if (bytesRead !== BLOCK_BYTES) throw shortError()
        buffer.verifyEnds(0, position / BLOCK_BYTES)
      }
    })
}

function flagsOf(kind: 'read' | 'write', direct: boolean): number {
  const { O_RDONLY, O_WRONLY, O_DIRECT } = fs.constants
  return (kind === 'write' ? O_WRONLY : O_RDONLY) | (direct ? O_DIRECT : 0)
}

/** Buffers of node:fs; for O_DIRECT in growable shared memory, which begins at a page. */
function plainBuffers(count: number, aligned: boolean): BlockBuffer[] {
  if (!aligned) return Array.from({ length: count }, () => blockBuffer(Buffer.alloc(BLOCK_BYTES)))
  const length = count * BLOCK_BYTES
  const memory = new SharedArrayBuffer(length, { maxByteLength: length })
  return Array.from({ length: count }, (_, index) =>
    blockBuffer(Buffer.from(memory, index * BLOCK_BYTES, BLOCK_BYTES)),
  )
}

function blockBuffer(bytes: Uint8Array): BlockBuffer {
  const buffer = new BlockBuffer(bytes)
  buffer.fill(0)
  return buffer
}

/** What is wrong with an operation that ended without an error of its own. */
function faultOf(
  kind: BlockLoad['kind'],
  moved: number,
  buffer: BlockBuffer,
  position: number,
): Error | null {
  if (moved !== BLOCK_BYTES) return shortError()
  if (kind === 'write') return null
  try {
    buffer.verifyEnds(0, position / BLOCK_BYTES)
    return null
  } catch (error) {
    return error as Error
  }
}

function shortError(): Error {
  return new Error('an operation moved less than a block')
}
