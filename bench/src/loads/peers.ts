import fs from 'node:fs'
import { type Client, connect, type UringFile } from '@uring-actor/client'
import { BLOCK_BYTES, BlockBuffer, TEMPLATES } from '../data/blocks.ts'
import type { Load, PeerName } from './load.ts'
import type { Places } from './places.ts'
import { assertMoved, PromiseLanes } from './promise-lanes.ts'
import type { Span } from './span.ts'

/** Keeps a thread's part of a load up until its span is over. */
export type Run = (span: Span) => Promise<void> | void

export interface Opening {
  readonly load: Load
  readonly paths: readonly string[]
  readonly places: Places
  /** Operations that this thread keeps in flight. */
  readonly lanes: number
}

export interface Opened {
  readonly run: Run
  /** Ours, when it is ours. */
  readonly client: Client | null
}

/** Opens the files with a peer, on the thread that calls. */
export async function openPeer(name: PeerName, opening: Opening): Promise<Opened> {
  switch (name) {
    case 'uring-actor':
      return openOurs(opening)
    case 'fs.promises':
      return { run: await openPromises(opening), client: null }
    case 'fs callbacks':
      return { run: openCallbacks(opening), client: null }
    case 'fs sync':
      return { run: openSync(opening), client: null }
  }
}

/** Into leases: memory that I/O reaches without a copy. */
async function openOurs({ load, paths, places, lanes }: Opening): Promise<Opened> {
  const client = connect()
  const files: UringFile[] = []
  for (const path of paths) files.push(await client.open(path, flagsOf(load)))
  const buffers = Array.from({ length: lanes }, (_, lane) => filled(client.alloc(load.bytes), lane))
  const differing = {
    trim: async (file: UringFile, position: number) => {
      await file.trim(position, load.bytes)
    },
    durable: (file: UringFile, bytes: Uint8Array, position: number) =>
      file.writeDurable(bytes, 0, bytes.length, position),
  }
  return { run: new PromiseLanes(load, files, buffers, places, differing).run, client }
}

/** node:fs has no trim: zeros are written, which is the nearest to it. */
async function openPromises({ load, paths, places, lanes }: Opening): Promise<Run> {
  const files: fs.promises.FileHandle[] = []
  for (const path of paths) files.push(await fs.promises.open(path, flagsOf(load)))
  const zeros = alignedMemory(load.bytes)
  const differing = {
    trim: async (file: fs.promises.FileHandle, position: number) => {
      await file.write(zeros, 0, zeros.length, position)
    },
    durable: async (file: fs.promises.FileHandle, bytes: Uint8Array, position: number) => {
      const written = await file.write(bytes, 0, bytes.length, position)
      await file.datasync()
      return written
    },
  }
  return new PromiseLanes(load, files, plainBuffers(load, lanes), places, differing).run
}

/** fs.read or fs.write with a callback: no promise per operation. */
function openCallbacks({ load, paths, places, lanes }: Opening): Run {
  const files = paths.map((path) => fs.openSync(path, flagsOf(load)))
  const buffers = plainBuffers(load, lanes)
  const writes = load.operation === 'write'
  const call = (writes ? fs.write : fs.read) as typeof fs.read
  return (span) =>
    new Promise((resolve, reject) => {
      let running = lanes
      const begin = (lane: number, began: number): void => {
        if (began >= span.end) {
          if (--running === 0) resolve()
          return
        }
        places.draw(lane)
        const { file, block } = places
        const buffer = buffers[lane]!
        if (writes) buffer.make(file, block)
        const { bytes } = buffer
        call(files[file]!, bytes, 0, load.bytes, block * BLOCK_BYTES, (error, moved) => {
          if (error !== null) return reject(error)
          try {
            assertMoved(moved, load.bytes)
            if (!writes) buffer.verify(file, block)
          } catch (fault) {
            return reject(fault)
          }
          begin(lane, span.done(began))
        })
      }
      for (let lane = 0; lane < lanes; lane++) begin(lane, performance.now())
    })
}

/** fs.readSync or fs.writeSync: one operation of this thread at a time, whatever the load says. */
function openSync({ load, paths, places }: Opening): Run {
  const files = paths.map((path) => fs.openSync(path, flagsOf(load)))
  const buffer = plainBuffers(load, 1)[0]!
  const writes = load.operation !== 'read'
  const call = (writes ? fs.writeSync : fs.readSync) as typeof fs.readSync
  return (span) => {
    let began = performance.now()
    while (began < span.end) {
      places.draw(0)
      const { file, block } = places
      if (writes) buffer.make(file, block)
      assertMoved(call(files[file]!, buffer.bytes, 0, load.bytes, block * BLOCK_BYTES), load.bytes)
      if (load.operation === 'durable') fs.fdatasyncSync(files[file]!)
      if (!writes) buffer.verify(file, block)
      began = span.done(began)
    }
  }
}

function flagsOf({ operation, cache }: Load): number {
  const { O_RDONLY, O_RDWR, O_DIRECT } = fs.constants
  return (operation === 'read' ? O_RDONLY : O_RDWR) | (cache === 'direct' ? O_DIRECT : 0)
}

function filled(bytes: Uint8Array, lane: number): BlockBuffer {
  const buffer = new BlockBuffer(bytes)
  buffer.fill(lane % TEMPLATES)
  return buffer
}

/** Buffers as programs have them; for O_DIRECT aligned ones. */
function plainBuffers({ bytes, cache }: Load, count: number): BlockBuffer[] {
  return Array.from({ length: count }, (_, lane) =>
    filled(cache === 'direct' ? alignedMemory(bytes) : Buffer.alloc(bytes), lane),
  )
}

/** Growable shared memory begins at a page. */
function alignedMemory(length: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(length, { maxByteLength: length }), 0, length)
}
