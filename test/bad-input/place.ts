// Where bad input is tried out: an actor, a client, and a file for each mistake.
import assert from 'node:assert/strict'
import fs, { constants } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Actor, type ActorOptions, spawnActor } from '@uring-actor/actor'
import type { Client, Lease, UringFile } from '@uring-actor/client'

export const CONTENT: string = 'what every file of this place holds'

export interface Place {
  readonly actor: Actor
  readonly client: Client
  readonly directory: string
  readonly file: UringFile
  readonly readOnly: UringFile
  readonly writeOnly: UringFile
  readonly closed: UringFile
  /** Opened with O_DIRECT. */
  readonly direct: UringFile
  /** A directory, opened. */
  readonly folder: UringFile
  /** Opened by another client. */
  readonly foreign: UringFile
  readonly lease: Lease
  readonly released: Lease
  /** node:fs's descriptors of the same files. */
  readonly fd: Readonly<
    Record<'file' | 'readOnly' | 'writeOnly' | 'folder', number> & {
      closed: fs.promises.FileHandle
    }
  >
  at(name: string): string
  leave(): Promise<void>
}

export async function enterPlace(options: ActorOptions = {}): Promise<Place> {
  const directory = fs.mkdtempSync(path.join(tmpdir(), 'uring-actor-bad-input-'))
  const at = (name: string): string => path.join(directory, name)
  for (const name of ['file', 'other', 'direct']) fs.writeFileSync(at(name), CONTENT)
  fs.truncateSync(at('direct'), 1 << 20)
  const actor = await spawnActor(options)
  const client = actor.connect()
  const other = actor.connect()
  const closed = await client.open(at('file'), 'r+')
  await closed.close()
  const handle = await fs.promises.open(at('file'), 'r+')
  await handle.close()
  const lease = client.alloc(4096)
  const released = client.alloc(4096)
  released.release()
  const files = {
    file: await client.open(at('file'), 'r+'),
    readOnly: await client.open(at('file'), 'r'),
    writeOnly: await client.open(at('file'), constants.O_WRONLY),
    direct: await client.open(at('direct'), constants.O_RDWR | constants.O_DIRECT),
    folder: await client.open(directory, 'r'),
    foreign: await other.open(at('other'), 'r+'),
  }
  const fd = {
    file: fs.openSync(at('file'), 'r+'),
    readOnly: fs.openSync(at('file'), 'r'),
    writeOnly: fs.openSync(at('file'), constants.O_WRONLY),
    folder: fs.openSync(directory, 'r'),
    closed: handle,
  }
  const leave = async (): Promise<void> => {
    await client.close()
    await other.close()
    await actor.close()
    for (const open of [fd.file, fd.readOnly, fd.writeOnly, fd.folder]) fs.closeSync(open)
    fs.rmSync(directory, { recursive: true })
  }
  return { actor, client, directory, ...files, closed, lease, released, fd, at, leave }
}

/** After a mistake: the client works, the bytes are as they were, and nothing is left in flight. */
export async function assertUsable({ client, file, at }: Place): Promise<void> {
  await client.nop()
  client.nopSync()
  const { bytesRead, buffer } = await file.read(Buffer.alloc(100), 0, 100, 0)
  assert.equal(buffer.toString('utf8', 0, bytesRead), CONTENT)
  const seen = Buffer.alloc(100)
  assert.equal(seen.toString('utf8', 0, file.readSync(seen, 0, 100, 0)), CONTENT)
  assert.equal(fs.readFileSync(at('file'), 'utf8'), CONTENT)
  assert.equal((await client.stats()).inFlight, 0)
}
