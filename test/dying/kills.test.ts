// A hundred and fifty clients' threads are killed at random moments: the others never notice, and
// nothing is left of those that died. `npm run test:kills` kills two thousand.
import { test } from 'node:test'
import { runKills } from './kills.ts'
import { assertKills } from './kills-verdict.ts'

const seed = Number(process.env.URING_ACTOR_SEED ?? Math.floor(Math.random() * 2 ** 31))

test(`150 kills; replay with URING_ACTOR_SEED=${seed}`, async (context) => {
  const report = await runKills(150, seed)
  context.diagnostic(JSON.stringify(report))
  assertKills(report)
})
