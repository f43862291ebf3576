// Threads of the tests of cached reads.
import fs from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { type ActorAddress, connect } from '@uring-actor/client'

export interface ReadAndEnd {
  path: string
  reads: number
  end: 'exit' | 'close'
}

/** Reads so many blocks, one at a time, and ends without a word, or as it should. */
export async function readAndEnd({ path, reads, end }: ReadAndEnd): Promise<number> {
  const client = connect()
  const file = await client.open(path)
  const buffer = Buffer.alloc(4096)
  for (let n = 0; n < reads; n++) await file.read(buffer, 0, 4096, (n % 16) * 4096)
  if (end === 'exit') process.exit(0)
  await client.close()
  return reads
}

export interface ReadsUntilEnd {
  address: ActorAddress
  path: string
  blocking: boolean
}

/** Reads until the actor has ended, and tells with which error it heard of that. */
export async function readUntilEnd({ address, path, blocking }: ReadsUntilEnd): Promise<string> {
  const client = connect(address)
  const file = await client.open(path)
  const expected = fs.readFileSync(path)
  const buffer = Buffer.alloc(4096)
  parentPort!.postMessage('reading')
  for (let n = 0; ; n++) {
    const at = (n % 16) * 4096
    try {
      if (blocking) file.readSync(buffer, 0, 4096, at)
      else await file.read(buffer, 0, 4096, at)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error)
    }
    if (!buffer.equals(expected.subarray(at, at + 4096))) return `wrong bytes at ${at}`
  }
}

/** Reads in a thread that may load no addon; how many reads it has made itself. */
export async function readWithoutAddon({ path }: { path: string }): Promise<number> {
  const client = connect()
  const file = await client.open(path)
  const buffer = Buffer.alloc(4096)
  await file.read(buffer, 0, 4096, 4096)
  file.readSync(buffer, 0, 4096, 4096)
  const { cachedReads } = await client.stats()
  if (!buffer.equals(fs.readFileSync(path).subarray(4096, 8192))) throw new Error('wrong bytes')
  await client.close()
  return cachedReads
}
