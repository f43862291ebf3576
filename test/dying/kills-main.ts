// Kills as many clients as one likes; fails when any of what kills.ts demands does not hold.
//
//   npm run test:kills -- [--kills N] [--seed N]
import { parseArgs } from 'node:util'
import { runKills } from './kills.ts'
import { assertKills } from './kills-verdict.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
})
const kills = Number(values.kills)
const seed = Number(values.seed)
console.log(`kills: ${kills}, seed ${seed}`)
const began = performance.now()
const report = await runKills(kills, seed, (done) => {
  if (done % 100 === 0)
    console.log(`${done} after ${Math.round((performance.now() - began) / 1000)} s`)
})
console.log(JSON.stringify(report, null, 2))
assertKills(report)
console.log('all of it held')
