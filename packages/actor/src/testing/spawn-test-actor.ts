import { MessageChannel } from 'node:worker_threads'
import type { Client, UringError } from '@uring-actor/client'
import type { Actor } from '../spawn/actor.ts'
import type { ActorOptions } from '../spawn/options.ts'
import { spawnWithLayer } from '../spawn/spawn-actor.ts'
import { resolvePlan } from './check-plan.ts'
import { Faults } from './control.ts'
import type { FaultPlan } from './plan.ts'

/** An actor whose engine injects faults, and what steers them. Made by `spawnTestActor()`. */
export class TestActor {
  readonly actor: Actor
  readonly faults: Faults

  constructor(actor: Actor, faults: Faults) {
    this.actor = actor
    this.faults = faults
  }

  /** A client for this thread. Code under test may as well call `connect()` itself. */
  connect(): Client {
    return this.actor.connect()
  }

  /** Lets go of what was kept back, also where the actor closes already, and closes the actor. */
  async close(): Promise<void> {
    try {
      await this.faults.letGo()
    } catch (error) {
      // There is nothing left that could keep anything back.
      if ((error as UringError).code !== 'ERR_URING_ACTOR_EXITED') throw error
    }
    await this.actor.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Starts the process's actor with an engine that injects faults as the plan says. Code under test
 * uses it as any other: `connect()` finds it. Rejects with Node's argument errors for a bad plan or bad
 * options, and with ERR_URING_ACTOR_EXISTS when the process has an actor already.
 */
export async function spawnTestActor(
  plan: FaultPlan = {},
  options: ActorOptions = {},
): Promise<TestActor> {
  const resolved = resolvePlan(plan)
  const memory = resolved.wrap === 'memory'
  const { port1, port2 } = new MessageChannel()
  const faults = new Faults(port1, memory)
  const layer = {
    module: new URL('./fault-thread.js', import.meta.url).href,
    data: resolved,
    port: port2,
  }
  try {
    const engine = resolved.wrap === 'memory' ? options : { ...options, engine: resolved.wrap }
    return new TestActor(await spawnWithLayer(engine, layer), faults)
  } catch (error) {
    port1.close()
    throw error
  }
}
