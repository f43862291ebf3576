// A published outsider: what fio wrote, with its checksums in each block, goes through our reads and
// writes into a new file, in pieces of many sizes and in any order; fio verifies that file. The control:
// one wrong byte, and it does not.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { constants } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Client } from '@uring-actor/client'
import { temporaryDirectory } from '../support/temporary.ts'
import { missingProgram } from '../support/tools.ts'
import { onEachEngine } from './situations.ts'

const BLOCK = 4096
const SIZE = 8 * 2 ** 20
/** Bytes of the pieces: less than a block, a block, several, more than our client stages at once. */
const LENGTHS = [1000, BLOCK, 65_536, 1_300_000]
const skip = missingProgram('fio')

/** Runs fio on a file: it writes, or verifies only. Returns what it complains of, '' if of nothing. */
function fio(file: string, ...options: string[]): string {
  const what = ['--name=job', `--filename=${file}`, `--bs=${BLOCK}`, `--size=${SIZE}`]
  const how = [
    '--ioengine=psync',
    '--clocksource=clock_gettime',
    '--rw=randwrite',
    '--verify=crc32c',
    '--verify_fatal=1',
  ]
  const { status, stderr } = spawnSync('fio', [...what, ...how, '--thread', ...options], {
    cwd: path.dirname(file),
    encoding: 'utf8',
    timeout: 60_000,
  })
  return status === 0 ? '' : stderr || `fio ended with ${status}`
}

/** Copies a file piece by piece, many at a time, the last ones first. */
async function copy(client: Client, from: string, to: string): Promise<void> {
  const source = await client.open(from)
  const target = await client.open(to, constants.O_CREAT | constants.O_RDWR | constants.O_EXCL)
  const pieces: Array<[at: number, length: number]> = []
  for (let at = 0; at < SIZE; at += pieces.at(-1)![1]) {
    pieces.push([at, Math.min(LENGTHS[pieces.length % LENGTHS.length]!, SIZE - at)])
  }
  const worker = async (): Promise<void> => {
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      const [at, length] = piece
      const buffer = Buffer.alloc(length)
      const { bytesRead } = await source.read(buffer, 0, buffer.length, at)
      assert.equal(bytesRead, buffer.length)
      await target.write(buffer, 0, buffer.length, at)
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  await target.sync()
  await source.close()
  await target.close()
}

onEachEngine('fio verifies', (client) => {
  test('what was read and written, whatever the pieces', { skip }, async () => {
    const directory = temporaryDirectory()
    const original = path.join(directory, 'original')
    assert.equal(fio(original, '--do_verify=0'), '')
    const copied = path.join(directory, 'copy')
    await copy(client(), original, copied)
    assert.equal(fio(copied, '--verify_only=1'), '')

    const file = await client().open(copied, 'r+')
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, SIZE / 2 + 100)
    byte[0]! ^= 1
    await file.write(byte, 0, 1, SIZE / 2 + 100)
    await file.close()
    assert.match(fio(copied, '--verify_only=1'), /verify/)
  })
})
