// The program of allocation.test.ts: warms the reads up, and says how much the heap grows by for each.
import { spawnActor } from '@uring-actor/actor'
import type { TraceLevel } from '@uring-actor/client'

const [level, path] = process.argv.slice(2) as [TraceLevel, string]
const DEPTH = 32
const actor = await spawnActor({ trace: level })
const file = await actor.connect().open(path, 'r')
const buffers = Array.from({ length: DEPTH }, () => Buffer.alloc(4096))

async function read(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await Promise.all(buffers.map((buffer, lane) => file.read(buffer, 0, 4096, lane * 4096)))
  }
}

// Until the compiler has done what it does to code that runs often.
await read(3000)
globalThis.gc!()
const perRead: number[] = []
for (let sample = 0; sample < 9; sample++) {
  const before = process.memoryUsage().heapUsed
  await read(100)
  perRead.push((process.memoryUsage().heapUsed - before) / (100 * DEPTH))
}
process.stdout.write(`${JSON.stringify({ perRead })}\n`)
await actor.close()
