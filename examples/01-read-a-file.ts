/**
 * Reads a file in three ways. Run it from a clone:
 *
 *   node scripts/run.mjs examples/dist/01-read-a-file.js
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'

const folder = mkdtempSync(path.join(tmpdir(), 'uring-actor-example-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const name = path.join(folder, 'poem.txt')
writeFileSync(name, 'Many threads, one ring:\nthe kernel is asked once,\nand answers them all.\n')

// Once per process: the worker thread that owns the io_uring.
const actor = await spawnActor()
console.log(`the engine is ${actor.engine}`)

// Once per thread: everything below goes through shared memory, without messages or locks.
const client = connect()
const file = await client.open(name, 'r')

// As fs.promises.FileHandle does it: any buffer, a promise, the bytes read.
const { bytesRead, buffer } = await file.read(Buffer.alloc(100), 0, 23, 0)
console.log(`read      ${bytesRead} bytes: ${buffer.toString('utf8', 0, bytesRead)}`)

// The same, blocking this thread: for code that cannot await.
const line = Buffer.alloc(25)
file.readSync(line, 0, line.length, 24)
console.log(`readSync  ${line.length} bytes: ${line}`)

// Without a copy: a lease is memory of this client that the kernel reads into. It goes back at the
// end of the block, and a read that is still in flight would keep it until then.
{
  using lease = client.alloc(21)
  await file.read(lease, 0, lease.length, 50)
  console.log(`lease     ${lease.length} bytes: ${Buffer.from(lease)}`)
}

// Errors are those of node:fs.
try {
  await client.open(path.join(folder, 'missing'), 'r')
} catch (error) {
  console.log(`an error  ${(error as NodeJS.ErrnoException).code}`)
}

// Nothing has to be closed for the process to end; a long-lived program closes what it is done with.
await file.close()
await client.close()
await actor.close()
