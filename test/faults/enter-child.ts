// Runs under strace, which makes io_uring_enter fail: every operation settles all the same, once.
import { writeSync } from 'node:fs'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { Random } from '../random/random.ts'
import { temporaryFile } from '../support/temporary.ts'

const OPERATIONS = 64
const ROUNDS = 20
const path = temporaryFile(OPERATIONS * 4096)
const actor = await spawnActor({ engine: 'io_uring' })
const client = connect()
const file = await client.open(path, 'r+')
const random = new Random(Number(process.argv[2]), 1)
const model = new Uint8Array(OPERATIONS)
let settled = 0
let wrong = 0
for (const block of model.keys()) await file.write(Buffer.alloc(4096), 0, 4096, block * 4096)
for (let round = 0; round < ROUNDS; round++) {
  const calls: Promise<unknown>[] = []
  for (const block of model.keys()) {
    const at = block * 4096
    if (random.chance(400)) {
      model[block] = random.below(256)
      const bytes = Buffer.alloc(4096, model[block])
      const durable = random.chance(100)
      calls.push(
        durable ? file.writeDurable(bytes, { position: at }) : file.write(bytes, 0, 4096, at),
      )
    } else {
      const read = file.read(Buffer.alloc(4096), 0, 4096, at)
      calls.push(
        read.then(({ bytesRead, buffer }) => {
          if (bytesRead !== 4096 || buffer.some((byte) => byte !== model[block])) wrong++
        }),
      )
    }
  }
  calls.push(
    client.chain((chain) => {
      for (let member = 0; member < 20; member++) chain.nop()
      chain.datasync(file)
    }),
  )
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === 'fulfilled') settled++
    else writeSync(2, `${result.reason.stack}\n`)
  }
}
await file.close()
const { completed, inFlight } = (await actor.stats()).clients[0]!
await client.close()
await actor.close()
writeSync(1, `${JSON.stringify({ settled, wrong, completed, inFlight })}\n`)
