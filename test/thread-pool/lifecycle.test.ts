// The tests of actors' and clients' lives, and those of batches, on the engine of node's thread pool:
// each file once more, with the addon and without.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const FILES = [
  'lifecycle/actor-close',
  'lifecycle/client-close',
  'lifecycle/thread-death',
  'lifecycle/process-exit',
  'lifecycle/spawn',
  'lifecycle/connect',
  'bad-input/closed',
]
const WITHOUT_ADDON = ['lifecycle/actor-close', 'lifecycle/thread-death', 'lifecycle/spawn']

const MILLIS_MAX = 120_000

async function passes(file: string, nodeArguments: readonly string[]): Promise<void> {
  const path = fileURLToPath(new URL(`../${file}.test.js`, import.meta.url))
  const env = { ...process.env, URING_ACTOR_ENGINE: 'threadpool', NODE_TEST_CONTEXT: '' }
  const child = spawn(process.execPath, ['--expose-gc', ...nodeArguments, path], {
    env,
    timeout: MILLIS_MAX,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [code, signal] = await once(child, 'close')
  assert.deepEqual([code, signal], [0, null], `exit code ${code}, signal ${signal}\n${output}`)
  assert.match(output, /^(# |ℹ )pass [1-9]/m, 'tests were run')
}

for (const file of FILES) test(file, () => passes(file, []))
for (const file of WITHOUT_ADDON) test(`${file} without addon`, () => passes(file, ['--no-addons']))
