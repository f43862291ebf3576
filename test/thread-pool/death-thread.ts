// The other thread of death-child.ts: blocks in a read of a pipe that nobody writes to, and says what
// it heard.
import { parentPort, workerData } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { codeOf } from '../support/outcome.ts'

const client = connect()
const file = client.openSync(workerData as string, 'r')
parentPort!.postMessage('blocking')
parentPort!.postMessage(await codeOf(() => file.readSync(Buffer.alloc(16))))
