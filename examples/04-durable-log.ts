/**
 * A log that many callers append to at once. An entry is acknowledged when it is on the disk, and
 * entries that wait together share one fdatasync. After a crash the checksums tell where the log
 * ends. Run it from a clone:
 *
 *   node scripts/run.mjs examples/dist/04-durable-log.js
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { spawnActor } from '@uring-actor/actor'
import { connect, type UringFile } from '@uring-actor/client'

/** An entry is its length, the checksum of its bytes, and the bytes. */
const HEAD_BYTES = 8

class Log {
  readonly entries: string[]
  readonly #file: UringFile
  #end: number
  #durable: Promise<unknown> = Promise.resolve()

  private constructor(file: UringFile, entries: string[], end: number) {
    this.#file = file
    this.entries = entries
    this.#end = end
  }

  /** Reads the log up to the first entry that is not whole, and cuts off the rest. */
  static async open(file: UringFile): Promise<Log> {
    const bytes = Buffer.alloc((await file.stat()).size)
    await file.read(bytes, 0, bytes.length, 0)
    const entries: string[] = []
    let end = 0
    while (end + HEAD_BYTES <= bytes.length) {
      const entry = bytes.subarray(end + HEAD_BYTES, end + HEAD_BYTES + bytes.readUInt32LE(end))
      if (entry.length === 0 || crc32(entry) !== bytes.readUInt32LE(end + 4)) break
      entries.push(entry.toString())
      end += HEAD_BYTES + entry.length
    }
    await file.truncate(end)
    await file.datasync()
    return new Log(file, entries, end)
  }

  /** Resolves when this entry, and all before it, would survive a power cut. */
  append(text: string): Promise<unknown> {
    const length = Buffer.byteLength(text)
    const record = Buffer.alloc(HEAD_BYTES + length)
    record.write(text, HEAD_BYTES)
    record.writeUInt32LE(length, 0)
    record.writeUInt32LE(crc32(record.subarray(HEAD_BYTES)), 4)
    const position = this.#end
    this.#end += record.length
    // Written and synced: many at the same time. Acknowledged in order: recovery stops at a gap, so
    // an entry is only safe when those before it are.
    const written = this.#file.writeDurable(record, 0, record.length, position)
    this.#durable = Promise.all([this.#durable, written])
    return this.#durable
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'uring-actor-example-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const name = path.join(folder, 'log')
await using actor = await spawnActor()
await using client = connect()

// A thousand callers at the same time.
const file = await client.open(name, 'w+')
const log = await Log.open(file)
const before = await actor.stats()
await Promise.all(Array.from({ length: 1000 }, (_, caller) => log.append(`entry ${caller}`)))
const { submitted, cachedWrites } = await actor.stats()
// What was submitted beside the syncs are the writes that the actor has not made itself.
const writes = 1000 - (cachedWrites - before.cachedWrites)
const syncs = submitted - before.submitted - writes
console.log(`1000 entries are on the disk, with ${syncs} fdatasync calls`)

// A crash in the middle of a write: the last entry is only half there.
await file.truncate((await file.stat()).size - 4)
await file.close()

const recovered = await Log.open(await client.open(name, 'r+'))
console.log(
  `after the crash: ${recovered.entries.length} entries, to "${recovered.entries.at(-1)}"`,
)
await recovered.append('entry 999, again')
console.log('and appending goes on')
