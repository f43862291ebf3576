// A UringFile is taken where a FileHandle of node:fs is: the compiler says so, and the results are the same.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { test } from 'node:test'
import { spawnActor } from '@uring-actor/actor'
import { temporaryFile } from '../support/temporary.ts'

type Handle = Pick<
  fs.FileHandle,
  | 'read'
  | 'write'
  | 'readFile'
  | 'writeFile'
  | 'appendFile'
  | 'stat'
  | 'sync'
  | 'datasync'
  | 'truncate'
  | 'chmod'
  | 'chown'
  | 'utimes'
  | 'close'
>

async function program(file: Handle): Promise<unknown[]> {
  await file.write(Buffer.from('{"a":'), 0, 5, 0)
  await file.writeFile('{"a": 1}')
  await file.appendFile(' ')
  await file.truncate(8)
  await file.datasync()
  const { bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
  const { size } = await file.stat()
  const rest = await file.readFile()
  await file.close()
  return [bytesRead, size, rest.length]
}

test('a program for a FileHandle runs on ours', async () => {
  await using actor = await spawnActor()
  const client = actor.connect()
  const path = temporaryFile(0)
  const theirs = await program(await fs.open(path, 'r+'))
  assert.deepEqual(await program(await client.open(path, 'r+')), theirs)
})

test('text is text and bytes are bytes to the compiler, as they are asked for', async () => {
  await using actor = await spawnActor()
  const client = actor.connect()
  const path = temporaryFile(0)
  await fs.writeFile(path, '{"a": 1}')
  const open = () => client.open(path)
  const text: string = await (await open()).readFile('utf8')
  const same: string = await (await open()).readFile({ encoding: 'utf8' })
  const bytes: Buffer = await (await open()).readFile()
  const blocking: Buffer = (await open()).readFileSync()
  const blockingText: string = (await open()).readFileSync('utf8')
  assert.deepEqual(JSON.parse(text), { a: 1 })
  assert.deepEqual([same, blockingText], [text, text])
  assert.deepEqual(bytes.subarray(1), Buffer.from(text.slice(1)))
  assert.deepEqual(blocking, bytes)
})
