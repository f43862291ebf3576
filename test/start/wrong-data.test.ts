// One wrong byte anywhere in the file makes the main job fail, and it says where the byte is.
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../support/process-state.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { type JsonResult, runMainJob, SMALL } from './main-job.ts'

const BLOCK_BYTES = 4096

describe('a wrong byte', () => {
  test('put there on purpose is found by the last check', async () => {
    const { code, stdout, stderr } = await runMainJob([...SMALL, '--seconds', '0.5', '--corrupt'])
    assert.equal(code, 1, stderr)
    assert.match(stdout, /^WRONG DATA: 1 read did not match/m)
    assert.match(stdout, /^ {2}block \d+ at byte \d+ \(last check\): .*; 1 of its bytes differs/m)
    assert.doesNotMatch(stdout, /every byte is as it was written/)
  })

  test('put there by another program is found by the random reads', async () => {
    const file = path.join(temporaryDirectory(), 'blocks')
    const size = 1 << 20
    const block = 100
    const position = (block + 1) * BLOCK_BYTES
    const args = ['--file', file, '--size', `${size}`, '--mix', '100/0/0', '--json']
    const job = runMainJob([...args, '--workers', '2', '--depth', '16', '--seconds', '2'])
    // Filled when the last bytes are there.
    const filled = () =>
      statSync(file, { throwIfNoEntry: false })?.size === size &&
      readFileSync(file)
        .subarray(-BLOCK_BYTES)
        .some((byte) => byte !== 0) &&
      readFileSync(file)
        .subarray(size / 2 - BLOCK_BYTES, size / 2)
        .some((byte) => byte !== 0)
    assert.ok(await eventually(filled, 10_000))
    await delay(300)
    const wrong = (readFileSync(file)[position + 5]! + 1) & 0xff
    const descriptor = openSync(file, 'r+')
    writeSync(descriptor, Buffer.from([wrong]), 0, 1, position + 5)
    closeSync(descriptor)

    const { code, stdout } = await job
    assert.equal(code, 1)
    const { ok, mismatches, verified } = JSON.parse(stdout) as JsonResult
    assert.equal(ok, false)
    assert.ok(mismatches.count > 1 && mismatches.count < verified.reads)
    assert.ok(mismatches.first.length > 1 && mismatches.first.length <= 10)
    for (const mismatch of mismatches.first) {
      assert.equal(mismatch.block, block)
      assert.equal(mismatch.position, position)
    }
    assert.equal(mismatches.first[0]!.phase, 'random')
    assert.match(mismatches.first[0]!.what, /should hold version 1; /)
  })
})
