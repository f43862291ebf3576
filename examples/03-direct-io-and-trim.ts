/**
 * Blocks of a file past the page cache, and space given back to the filesystem. Run it from a clone:
 *
 *   node scripts/run.mjs examples/dist/03-direct-io-and-trim.js
 */
import { constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'

const BLOCKS = 256
const BLOCK_BYTES = 4096

const folder = mkdtempSync(path.join(tmpdir(), 'uring-actor-example-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

await using actor = await spawnActor()
await using client = connect(actor.address)

// O_DIRECT: reads and writes go between our memory and the device, and nothing is cached.
const { O_RDWR, O_CREAT, O_DIRECT } = constants
const flags = O_RDWR | O_CREAT | O_DIRECT
const name = path.join(folder, 'blocks')
const file = await client.open(name, flags, 0o600, { blockSize: BLOCK_BYTES }).catch((error) => {
  // Some filesystems have no direct I/O; the rest of the example works without it too.
  console.log(`no direct I/O here (${error.code}), so buffered`)
  return client.open(name, O_RDWR | O_CREAT, 0o600, { blockSize: BLOCK_BYTES })
})
console.log(`direct I/O must be aligned to ${file.directAlignment} bytes`)

// A lease begins on a page, so it is aligned: the device writes from it and reads into it.
using lease = client.alloc(BLOCKS * BLOCK_BYTES)
for (let block = 0; block < BLOCKS; block++) {
  lease.fill(block, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
}
await file.write(lease, 0, lease.length, 0)
console.log(`wrote ${BLOCKS} blocks; block 7 holds ${(await file.readBlock(7))[0]}s`)

// What is not aligned is refused before the kernel sees it, and the error says what would do.
await file.read(lease, 0, 100, 50).catch((error) => console.log(`refused: ${error.message}`))

// Trim: the second half of the file goes back to the filesystem, and reads as zeros from now on.
const before = await file.stat()
const half = (BLOCKS / 2) * BLOCK_BYTES
const { method } = await file.trim(half, half)
const after = await file.stat()
console.log(`trimmed by ${method}; the size is still ${after.size} bytes`)
console.log(`space in use: ${before.blocks * 512} bytes before, ${after.blocks * 512} after`)
console.log(`block 200 holds ${(await file.readBlock(200))[0]}s now`)

await file.close()
