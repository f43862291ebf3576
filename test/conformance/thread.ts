// The worker of worker-thread.test.ts: runs the cases that it is told, one after the other.
import { parentPort } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { runCase } from './context.ts'
import { caseOf } from './report.ts'

const port = parentPort!
const client = connect()

port.on('message', async (name: string | null) => {
  if (name !== null) {
    port.postMessage(await runCase(caseOf(name), client))
    return
  }
  await client.close()
  port.close()
})
