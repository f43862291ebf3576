// The children of paused.test.ts: a read of a device that hangs is in flight when the process ends.
// Arguments: by whom it reads, the path, and how it ends.
import { constants, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'

const [, , reader = '', path = '', end = ''] = process.argv

/** How many files it reads at once, by the actor or by node:fs. */
async function read(): Promise<void> {
  const flags = reader === 'direct' ? constants.O_RDONLY | constants.O_DIRECT : constants.O_RDONLY
  if (reader === 'node:fs') {
    const file = await open(path, flags)
    void file.read(Buffer.alloc(4096), 0, 4096, 0)
    return
  }
  await spawnActor()
  const client = connect()
  const file = await client.open(path, flags)
  file.read(client.alloc(4096), 0, 4096, 0).catch(() => {})
}

await read()
setInterval(() => {}, 1000)
setTimeout(() => {
  writeSync(1, 'ending\n')
  if (end === 'exit') process.exit(7)
}, 200)
