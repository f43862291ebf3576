// The child of durable.ts: appends records and prints each that it was told is on the disk, and when
// it was told, until it is killed or its disk is gone. Arguments: a directory, a version for all
// records, and how they are written.
import { writeSync } from 'node:fs'
import path from 'node:path'
import { spawnActor } from '@uring-actor/actor'
import { connect, type UringFile } from '@uring-actor/client'
import { FILES, recordNumber, WRITERS } from './durable-layout.ts'
import { RECORD_BYTES, sealRecord } from './record.ts'

const [, , directory = '', version = '', how = ''] = process.argv

/** The ways in which a caller can have it on the disk; a writer uses one of them. */
const DURABLY: ReadonlyArray<(file: UringFile, bytes: Buffer, at: number) => Promise<unknown>> = [
  (file, bytes, at) => file.writeDurable(bytes, 0, RECORD_BYTES, at),
  async (file, bytes, at) => {
    await file.write(bytes, 0, RECORD_BYTES, at)
    await file.datasync()
  },
  (file, bytes, at) =>
    connection.chain((chain) => chain.write(file, bytes, 0, RECORD_BYTES, at).datasync(file)),
  async (file, bytes, at) => {
    await file.write(bytes, 0, RECORD_BYTES, at)
    await file.sync()
  },
]

await spawnActor()
const connection = connect()
const files = await Promise.all(
  Array.from({ length: FILES }, (_, index) =>
    connection.open(path.join(directory, `${index}`), 'r+'),
  ),
)

/** The mistake that group commit must not make: a sync that was begun before the bytes were written. */
async function earlySync(file: UringFile, bytes: Buffer, at: number): Promise<void> {
  const sync = file.datasync()
  await connection.nop()
  await file.write(bytes, 0, RECORD_BYTES, at)
  await sync
}

async function write(writer: number): Promise<void> {
  const file = files[writer % FILES]!
  const durably = DURABLY[writer % DURABLY.length]!
  const bytes = Buffer.alloc(RECORD_BYTES)
  for (let round = 0; ; round++) {
    const number = recordNumber(writer, round)
    sealRecord(bytes, number, Number(version))
    const at = number * RECORD_BYTES
    if (how === 'sync') await durably(file, bytes, at)
    else if (how === 'early sync') await earlySync(file, bytes, at)
    else await file.write(bytes, 0, RECORD_BYTES, at)
    writeSync(1, `${writer} ${round} ${process.hrtime.bigint()}\n`)
    // The disk has an end, and this control is fast.
    if (how === 'no sync') await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

try {
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)))
} catch (error) {
  // The disk is gone: what was printed counts, and nothing more is.
  writeSync(2, `${error}\n`)
  process.exit(3)
}
