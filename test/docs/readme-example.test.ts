// The first program of each README that opens a file runs as it stands there, in an empty folder
// that finds the packages, and ends by itself.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type ChildResult, runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { firstBlock, root } from './markdown.ts'

const GREETING = 'hello from the ring\n'

/** Runs a document's first program in a folder of its own. */
async function runExample(document: string): Promise<ChildResult & { folder: string }> {
  const folder = temporaryDirectory()
  const scope = path.join(folder, 'node_modules/@uring-actor')
  mkdirSync(scope, { recursive: true })
  for (const name of ['actor', 'client']) {
    symlinkSync(path.join(root, 'packages', name), path.join(scope, name))
  }
  const script = path.join(folder, 'example.mjs')
  writeFileSync(script, firstBlock(document, 'js'))
  const result = await runScript(pathToFileURL(script), { under: ['env', `--chdir=${folder}`] })
  return { ...result, folder }
}

/** Why the program could not run on this machine, or false. */
function withoutRing({ stderr }: ChildResult): string | false {
  return stderr.includes('ERR_URING_ENGINE') ? `no io_uring here: ${stderr.trim()}` : false
}

test('the example of README.md is at most 15 lines long', () => {
  const lines = firstBlock('README.md', 'js').trimEnd().split('\n')
  assert.ok(lines.length <= 15, `${lines.length} lines`)
})

test('the example of README.md prints what it has written, and ends', async (t) => {
  const result = await runExample('README.md')
  const reason = withoutRing(result)
  if (reason) return t.skip(reason)
  assert.equal(result.stderr, '')
  assert.equal(result.stdout, `io_uring ${GREETING.length} ${GREETING}\n`)
  assert.equal(result.code, 0)
  assert.equal(readFileSync(path.join(result.folder, 'greeting.txt'), 'utf8'), GREETING)
})

test('the example of the actor package writes its file, and ends', async (t) => {
  const result = await runExample('packages/actor/README.md')
  const reason = withoutRing(result)
  if (reason) return t.skip(reason)
  assert.equal(result.stderr, '')
  assert.equal(result.code, 0)
  assert.equal(readFileSync(path.join(result.folder, 'data.bin'), 'utf8'), 'bytes')
})
