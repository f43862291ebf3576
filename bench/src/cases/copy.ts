import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { spawnActor } from '@uring-actor/actor'
import {
  type Case,
  type CaseInput,
  type Comparison,
  CPU,
  METRIC_KEYS,
  type Sample,
} from '../comparison.ts'
import { BLOCK_BYTES, BlockBuffer } from '../data/blocks.ts'
import { rates, usedSince, usedSoFar } from '../measure/resources.ts'
import { UserError } from '../user-error.ts'

const CHUNK_BYTES = 2 ** 20
const CHUNKS_AT_ONCE = 8
const MEGABYTES = 'megabytesPerSecond'
const OURS = 'uring-actor'
const OTHERS = ['fs.promises.copyFile', 'fs.promises, 8 at a time', 'fs streams', 'cp'] as const

/** Copies the first file to a new one beside it, durably: what is not on the device is not copied. */
export const copy: Comparison = {
  title: 'Copy of a file, in pieces of 1 MiB where the program cuts it, with fdatasync at the end',
  file: 'warm',
  metrics: [
    { key: MEGABYTES, label: 'MB/s', digits: 0 },
    { ...CPU, label: 'CPU µs/MiB' },
  ],
  cases: [
    { ...copyCase(OURS, copyOurs), role: 'ours' },
    copyCase(OTHERS[0], (from, to) => fs.promises.copyFile(from, to)),
    copyCase(OTHERS[1], copyPieces),
    copyCase(OTHERS[2], (from, to) =>
      pipeline(fs.createReadStream(from, { highWaterMark: CHUNK_BYTES }), fs.createWriteStream(to)),
    ),
    copyCase(OTHERS[3], copyByProgram),
  ],
  figures: OTHERS.map((against) => ({
    label: `MB/s, ours / ${against}`,
    how: 'ratio',
    metric: MEGABYTES,
    of: OURS,
    against,
  })),
}

type Copy = (from: string, to: string, size: number) => Promise<void>

function copyCase(name: string, copyTo: Copy): Case {
  return { name, run: (input) => timedCopy(copyTo, input) }
}

async function timedCopy(copyTo: Copy, { file, size, scratch }: CaseInput): Promise<Sample> {
  const to = `${scratch}/copy`
  try {
    // Once before, so that all code is compiled and the actor has been spawned.
    await copyTo(file, to, size)
    fs.rmSync(to)
    const before = usedSoFar()
    const began = performance.now()
    await copyTo(file, to, size)
    sync(to)
    const seconds = (performance.now() - began) / 1000
    const sample = rates(size / CHUNK_BYTES, CHUNK_BYTES, seconds, usedSince(before))
    verify(to, size)
    return { ...sample, [MEGABYTES]: sample[METRIC_KEYS.bytesPerSecond]! / 1e6 }
  } finally {
    fs.rmSync(to, { force: true })
  }
}

async function copyOurs(from: string, to: string, size: number): Promise<void> {
  const client = (await spawnActor()).connect()
  const source = await client.open(from, 'r')
  const target = await client.open(to, 'w')
  const lane = async (first: number): Promise<void> => {
    const lease = client.alloc(CHUNK_BYTES)
    for (let at = first; at < size; at += CHUNKS_AT_ONCE * CHUNK_BYTES) {
      const { bytesRead } = await source.read(lease, 0, CHUNK_BYTES, at)
      await target.write(lease, 0, bytesRead, at)
    }
    lease.release()
  }
  await allLanes(lane)
  await client.close()
}

async function copyPieces(from: string, to: string, size: number): Promise<void> {
  const source = await fs.promises.open(from, 'r')
  const target = await fs.promises.open(to, 'w')
  const lane = async (first: number): Promise<void> => {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (let at = first; at < size; at += CHUNKS_AT_ONCE * CHUNK_BYTES) {
      const { bytesRead } = await source.read(chunk, 0, CHUNK_BYTES, at)
      await target.write(chunk, 0, bytesRead, at)
    }
  }
  await allLanes(lane)
  await source.close()
  await target.close()
}

async function allLanes(lane: (first: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: CHUNKS_AT_ONCE }, (_, index) => lane(index * CHUNK_BYTES)))
}

/** The CPU time of another process is not ours to tell. */
async function copyByProgram(from: string, to: string): Promise<void> {
  const child = spawn('cp', ['--reflink=never', from, to], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  // It has said why itself.
  if (code !== 0) throw new UserError(`cp ended with ${code}`, 1)
}

function sync(file: string): void {
  const descriptor = fs.openSync(file, 'r+')
  fs.fdatasyncSync(descriptor)
  fs.closeSync(descriptor)
}

/** Every block of the copy is the block of the first file. */
function verify(file: string, size: number): void {
  const chunk = new BlockBuffer(Buffer.alloc(CHUNK_BYTES))
  const descriptor = fs.openSync(file, 'r')
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, size - at)
    const blocks = length === CHUNK_BYTES ? chunk : new BlockBuffer(Buffer.alloc(length))
    fs.readSync(descriptor, blocks.bytes, 0, length, at)
    blocks.verify(0, at / BLOCK_BYTES)
  }
  fs.closeSync(descriptor)
}
