// Runs situations: the same calls by node:fs and by our client, on each engine, and compares.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client } from '@uring-actor/client'
import { within } from '../support/outcome.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { Notes, pairs } from './subjects.ts'

export interface Situation {
  readonly name: string
  /** The reason to skip it here. */
  readonly skip?: string | false
  /** Makes the calls; `directory` is this run's own, and empty. */
  run(notes: Notes, directory: string): Promise<void>
}

const MILLIS_MAX = 20_000

export const ENGINES = ['io_uring', 'threadpool'] as const

/** An actor and a client for the tests of a block, on every engine. */
export function onEachEngine(what: string, body: (client: () => Client) => void): void {
  for (const engine of ENGINES) {
    describe(`${what}, ${engine}`, () => {
      let actor: Actor
      let client: Client
      before(async () => {
        actor = await spawnActor({ engine })
        client = actor.connect()
      })
      after(async () => {
        await client.close()
        await actor.close()
      })
      body(() => client)
    })
  }
}

/** A new directory, whose name is the same for every subject: errors tell it. */
export function emptyIn(place: string): string {
  const directory = path.join(place, 'directory')
  fs.rmSync(directory, { recursive: true, force: true })
  fs.mkdirSync(directory)
  return directory
}

/** One line a note, so that a difference is easy to see. */
function lines(notes: Notes): string[] {
  return notes.all.map(([call, outcome]) => `${call}: ${JSON.stringify(outcome)}`)
}

/** `place` makes the directory of a run; without it that is an ordinary one. */
export function compare(
  what: string,
  situations: readonly Situation[],
  place: () => string = () => emptyIn(temporaryDirectory()),
): void {
  onEachEngine(what, (client) => {
    for (const { name, skip = false, run } of situations) {
      test(name, { skip }, async () => {
        for (const [ours, node] of pairs(client())) {
          const expected = new Notes(node)
          await within(MILLIS_MAX, `${name}: ${node.name}`, run(expected, place()))
          const found = new Notes(ours)
          await within(MILLIS_MAX, `${name}: ${ours.name}`, run(found, place()))
          assert.ok(expected.all.length > 0)
          assert.deepEqual(lines(found), lines(expected), `${ours.name} against ${node.name}`)
        }
        await client().nop()
      })
    }
  })
}
