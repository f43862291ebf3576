// The first program of each README that opens a file runs as it stands there, in an empty folder
// that finds the packages, and ends by itself.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { ChildResult } from '../support/child.ts'
import { firstBlock } from './markdown.ts'
import { runProgram } from './program.ts'

const GREETING = 'hello from the ring\n'

/** Why the program could not run on this machine, or false. */
function withoutRing({ stderr }: ChildResult): string | false {
  return stderr.includes('ERR_URING_ENGINE') ? `no io_uring here: ${stderr.trim()}` : false
}

test('the example of README.md is at most 15 lines long', () => {
  const lines = firstBlock('README.md', 'js').trimEnd().split('\n')
  assert.ok(lines.length <= 15, `${lines.length} lines`)
})

test('the example of README.md prints what it has written, and ends', async (t) => {
  const result = await runProgram(firstBlock('README.md', 'js'))
  const reason = withoutRing(result)
  if (reason) return t.skip(reason)
  assert.equal(result.stderr, '')
  assert.equal(result.stdout, `io_uring ${GREETING.length} ${GREETING}\n`)
  assert.equal(result.code, 0)
  assert.equal(readFileSync(path.join(result.folder, 'greeting.txt'), 'utf8'), GREETING)
})

test('the example of the actor package writes its file, and ends', async (t) => {
  const result = await runProgram(firstBlock('packages/actor/README.md', 'js'))
  const reason = withoutRing(result)
  if (reason) return t.skip(reason)
  assert.equal(result.stderr, '')
  assert.equal(result.code, 0)
  assert.equal(readFileSync(path.join(result.folder, 'data.bin'), 'utf8'), 'bytes')
})
