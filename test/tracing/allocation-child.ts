// The program of allocation.test.ts: warms the reads up, and says how much each of them allocates, by how
// often V8 has to collect its young generation meanwhile, which has one MiB here.
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { spawnActor } from '@uring-actor/actor'
import type { TraceLevel } from '@uring-actor/client'

const [level, path] = process.argv.slice(2) as [TraceLevel, string]
const DEPTH = 32
const ROUNDS = 10_000
const YOUNG_BYTES = 2 ** 20
let collections = 0
const actor = await spawnActor({ trace: level })
const file = await actor.connect().open(path, 'r')
const buffers = Array.from({ length: DEPTH }, () => Buffer.alloc(4096))

async function read(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await Promise.all(buffers.map((buffer, lane) => file.read(buffer, 0, 4096, lane * 4096)))
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

// Until the compiler has done what it does to code that runs often.
await read(3000)
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { detail } = entry as unknown as { detail: { kind: number } }
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collections++
  }
})
observer.observe({ entryTypes: ['gc'] })
await read(ROUNDS)
// The last entries are told of in a later turn.
await nextTurn()
await nextTurn()
observer.disconnect()
const perRead = (collections * YOUNG_BYTES) / (ROUNDS * DEPTH)
process.stdout.write(`${JSON.stringify({ perRead })}\n`)
await actor.close()
