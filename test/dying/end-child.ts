// The children of ends.alone.test.ts: a process that has come to some stage of its life with the actor, says
// so, and ends in some way. Arguments: stage, end, a file, an empty pipe. With the stage 'nothing', or
// 'a blocked thread without the actor', it is the control: the same end without us.
import { writeSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { connect, type UringFile } from '@uring-actor/client'

export const STAGES = [
  'spawned',
  'connected',
  'opened',
  'reading a pipe',
  'reading a file',
  'writing',
  'a blocked thread',
  'closing a client',
  'closing the actor',
] as const
export const ENDS = ['return', 'exit', 'throw', 'reject', 'SIGINT', 'SIGTERM'] as const
export type Stage = (typeof STAGES)[number]
export type End = (typeof ENDS)[number]
export const EXIT_CODE = 7

const BYTES = 65536

/** How many operations of a stage are in flight. */
const IN_FLIGHT = 16

let ended = false

async function reading(file: UringFile): Promise<void> {
  const bytes = Buffer.alloc(BYTES)
  while (!ended) await file.read(bytes, 0, BYTES, 0)
}

async function writing(file: UringFile, index: number): Promise<void> {
  const bytes = Buffer.alloc(BYTES, index)
  while (!ended) {
    if (index === 0) await file.writeDurable(bytes, 0, BYTES, 0)
    else await file.write(bytes, 0, BYTES, index * BYTES)
  }
}

/** Comes to a stage; what it leaves in flight ends with the process, or when the pipe is fed. */
async function comeTo(stage: string, path: string, pipe: string): Promise<void> {
  if (stage === 'nothing') return
  if (stage === 'a blocked thread without the actor') return blockThread('')
  const actor: Actor = await spawnActor()
  if (stage === 'spawned') return
  if (stage === 'a blocked thread') return blockThread(pipe)
  const client = connect()
  await client.nop()
  if (stage === 'connected') return
  const file = await client.open(stage.includes('file') || stage === 'writing' ? path : pipe, 'r+')
  if (stage === 'opened') return
  for (let index = 0; index < IN_FLIGHT; index++) {
    if (stage === 'reading a file') void reading(file)
    else if (stage === 'writing') void writing(file, index)
    // A close or an end in between is no error of this program.
    else file.read(Buffer.alloc(1)).catch(() => {})
  }
  await new Promise((resolve) => setTimeout(resolve, 20))
  if (stage === 'closing a client') void client.close()
  if (stage === 'closing the actor') void actor.close()
}

/** A thread that blocks for ever, and does not keep the process alive. */
async function blockThread(pipe: string): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { pipe } })
  await new Promise((resolve) => worker.once('message', resolve))
  worker.unref()
  await new Promise((resolve) => setTimeout(resolve, 20))
}

function blockHere({ pipe }: { pipe: string }): void {
  const words = new Int32Array(new SharedArrayBuffer(4))
  const file = pipe === '' ? null : connect().openSync(pipe, 'r+')
  parentPort!.postMessage('blocking')
  if (file === null) Atomics.wait(words, 0, 0)
  else file.readSync(Buffer.alloc(1))
}

function end(how: End): void {
  ended = true
  // The parent measures from here, and sends the signal.
  if (how.startsWith('SIG')) setInterval(() => {}, 1000)
  writeSync(1, 'ready\n')
  if (how === 'exit') process.exit(EXIT_CODE)
  if (how === 'throw') throw new Error('on purpose')
  if (how === 'reject') void Promise.reject(new Error('on purpose'))
}

if (!isMainThread) blockHere(workerData as { pipe: string })
else if (process.argv.length > 3) {
  const [, , stage, how, path, pipe] = process.argv as [string, string, string, End, string, string]
  await comeTo(stage, path, pipe)
  // In a turn of its own: a rejection of the module itself would be another kind of end.
  setImmediate(() => end(how))
}
