// A process that writes is killed with SIGKILL: every record that it was told is on the disk is there.
// `npm run test:sigkill` does it a thousand times.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/temporary.ts'
import { plainPlace, runCycles } from './durable.ts'

const seed = Number(process.env.URING_ACTOR_SEED ?? Math.floor(Math.random() * 2 ** 31))

test(`killed 15 times; replay with URING_ACTOR_SEED=${seed}`, async (context) => {
  const total = await runCycles(plainPlace(temporaryDirectory()), 'sync', 15, seed)
  context.diagnostic(JSON.stringify(total))
  assert.ok(total.acknowledged > 0, 'nothing was acknowledged')
  assert.equal(total.lost, 0)
})
