import fs from 'node:fs'
import { spawnActor } from '@uring-actor/actor'
import {
  type Case,
  type CaseInput,
  type Comparison,
  CPU,
  type Figure,
  OPERATIONS,
  type Sample,
} from '../comparison.ts'
import { BLOCK_BYTES, BlockBuffer, TEMPLATES } from '../data/blocks.ts'
import { drive, type Meter, measure } from '../meter.ts'
import type { PromiseFile } from '../peers.ts'

const FILES = 64
const DEPTHS = [1, 32] as const
const OURS = 'uring-actor'
const PEER = 'fs.promises'

type SmallFile = Pick<PromiseFile, 'read'> & { close(): Promise<void> }
type Open = (path: string) => Promise<SmallFile>

/** Many small files: each is opened, read whole and closed. What a read costs hardly counts here. */
export const smallFiles: Comparison = {
  title: `Files of ${BLOCK_BYTES / 1024} KiB in the page cache: open, read, close`,
  file: null,
  metrics: [
    { ...OPERATIONS, label: 'files/s' },
    { ...CPU, label: 'CPU µs/file' },
  ],
  cases: DEPTHS.flatMap((depth) => [
    { ...smallCase(OURS, depth, openOurs), role: 'ours' as const },
    smallCase(PEER, depth, async () => (path) => fs.promises.open(path, 'r')),
  ]),
  figures: DEPTHS.flatMap((depth) => [
    figure('files/s', OPERATIONS.key, depth),
    figure('CPU/file', CPU.key, depth),
  ]),
}

function figure(what: string, metric: string, depth: number): Figure {
  return {
    label: `${what}, ours / ${PEER}, ${depth} at a time`,
    how: 'ratio',
    metric,
    of: nameOf(OURS, depth),
    against: nameOf(PEER, depth),
  }
}

function nameOf(peer: string, depth: number): string {
  return `${peer}, ${depth} at a time`
}

function smallCase(peer: string, depth: number, opener: () => Promise<Open>): Case {
  return {
    name: nameOf(peer, depth),
    run: async (input) => {
      const paths = makeFiles(input)
      try {
        return await readThem(input.seconds, depth, paths, await opener())
      } finally {
        for (const path of paths) fs.rmSync(path)
      }
    },
  }
}

async function openOurs(): Promise<Open> {
  const client = (await spawnActor()).connect()
  return (path) => client.open(path, 'r')
}

function makeFiles({ scratch }: CaseInput): string[] {
  const block = filled()
  return Array.from({ length: FILES }, (_, file) => {
    block.make(file, 0)
    const path = `${scratch}/small-${file}`
    fs.writeFileSync(path, block.bytes)
    return path
  })
}

function readThem(seconds: number, depth: number, paths: string[], open: Open): Promise<Sample> {
  const buffers = Array.from({ length: depth }, filled)
  return measure(seconds, (FILES + 1) * BLOCK_BYTES, (meter: Meter) =>
    drive(depth, async (lane) => {
      const buffer = buffers[lane]!
      while (meter.next()) {
        const file = meter.position() / BLOCK_BYTES - 1
        const opened = await open(paths[file]!)
        const { bytesRead } = await opened.read(buffer.bytes, 0, BLOCK_BYTES, 0)
        await opened.close()
        if (bytesRead !== BLOCK_BYTES) throw new Error('a read moved less than a block')
        buffer.verify(file, 0)
      }
    }),
  )
}

function filled(): BlockBuffer {
  const buffer = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
  buffer.fill(TEMPLATES - 1)
  return buffer
}
