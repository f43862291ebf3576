// Random words in every place of hostile channels, against the actor's own code from the channel to the
// engine: nothing that is let through can do harm, the work for each turn is bounded, rows, files and
// channels stay consistent, and a client that keeps to the rules gets each of its answers once.
//
//   URING_ACTOR_MUTATIONS=200000000   how many words are written; the same seed writes the same
//   URING_ACTOR_SEED=7
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Mutator } from './hostile/mutator.ts'
import { Random } from './hostile/random.ts'
import { Victim } from './hostile/victim.ts'
import { type Member, World } from './hostile/world.ts'

const MUTATIONS = Number(process.env.URING_ACTOR_MUTATIONS ?? 5_000_000)
const SEED = Number(process.env.URING_ACTOR_SEED ?? Date.now() % 2 ** 31)
const HOSTILE = 4

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Those that were shut out connect again, in whichever place is free. */
async function reconnect(world: World, members: Array<{ member: Member; slot: number }>) {
  for (const entry of members) {
    if (world.isServed(entry.member, entry.slot)) continue
    if (world.isConnected(entry.member, entry.slot)) await nextTurn()
    else entry.slot = world.connect(entry.member)
  }
}

describe('hostile channels', () => {
  test(`${MUTATIONS} random words, seed ${SEED}`, async (context) => {
    const random = new Random(SEED)
    const world = new World(random)
    const victim = new Victim(world, random)
    const mutator = new Mutator(random)
    const members = Array.from({ length: HOSTILE }, () => {
      const member = world.newMember()
      return { member, slot: world.connect(member) }
    })
    let turns = 0
    try {
      while (mutator.mutations < MUTATIONS) {
        victim.post()
        for (const { member, slot } of members) {
          if (world.isServed(member, slot)) mutator.mutate(member, world.files.ofChannel(slot))
        }
        world.cycle()
        victim.take()
        await reconnect(world, members)
        if (turns++ % 64 === 0) world.assertConsistent()
      }
      for (let left = 0; left < 100 && victim.outstanding > 0; left++) {
        world.cycle()
        victim.take()
      }
      assert.equal(victim.outstanding, 0, 'the victim has all of its answers')
    } catch (error) {
      const { mutations } = mutator
      const again = `URING_ACTOR_SEED=${SEED} URING_ACTOR_MUTATIONS=${MUTATIONS}`
      const { stack } = error as Error
      throw new Error(`at mutation ${mutations}, turn ${turns}; again with ${again}: ${stack}`)
    }
    const { cancels, checked } = world.engine
    context.diagnostic(
      `${mutator.mutations} mutations in ${turns} turns: ${checked} requests let through, ${cancels} cancelled, ` +
        `${world.poisoned} channels poisoned, ${victim.completed} operations of the victim`,
    )
    assert.ok(checked > MUTATIONS / 100, 'many requests got through')
    assert.ok(cancels > MUTATIONS / 50_000, 'many were cancelled in the engine')
    assert.ok(world.poisoned > MUTATIONS / 100_000 && victim.completed > turns / 2)
  })
})
