// The program of old-kernel.test.ts: fills a device, trims half of it in three ways, and reports how.
import { capabilities, spawnActor } from '@uring-actor/actor'
import type { TrimMethod } from '@uring-actor/client'
import { patternBytes } from '../support/temporary.ts'

export interface DiscardReport {
  /** What capabilities() says of it. */
  foretold: TrimMethod | 'none' | null
  /** How the promise, the blocking call and the member of a chain went. */
  methods: TrimMethod[]
  /** The first byte that is neither what was written nor, where trimmed, 0; -1: none. */
  wrongByte: number
}

const [path, size] = [process.argv[2]!, Number(process.argv[3])]
const foretold = (await capabilities(path)).path!.trim
const actor = await spawnActor()
const client = actor.connect()
const file = await client.open(path, 'r+')
const expected = patternBytes(size)
await file.write(expected, 0, size, 0)
await file.sync()

const part = size / 8
const methods = [
  (await file.trim(0, 2 * part)).method,
  file.trimSync(2 * part, part).method,
  ...(await client.chain((chain) => chain.trim(file, 3 * part, part))).map(
    (result) => (result as { method: TrimMethod }).method,
  ),
]
expected.fill(0, 0, 4 * part)
const read = Buffer.alloc(size)
await file.read(read, 0, size, 0)
const wrongByte = read.findIndex((byte, index) => byte !== expected[index])
await file.sync()
await file.close()
await client.close()
await actor.close()
process.stdout.write(
  `${JSON.stringify({ foretold, methods, wrongByte } satisfies DiscardReport)}\n`,
)
