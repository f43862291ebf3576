// Connects and closes many times; prints what the process held before and holds afterwards, as JSON.
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import {
  collectGarbage,
  handleCounts,
  openDescriptors,
  residentBytes,
  threadCount,
} from '../support/process-state.ts'

export interface State {
  descriptors: number
  threads: number
  handles: Record<string, number>
  resident: number
}

export interface Report {
  before: State
  after: State
  stats: { clients: number; inFlight: number; openFiles: number }
}

const CYCLES = 10_000
/** Until then code is compiled and malloc has its size. */
const WARM_UP_CYCLES = 5000
const [, , path = ''] = process.argv

async function state(): Promise<State> {
  await collectGarbage()
  return {
    descriptors: openDescriptors(),
    threads: threadCount(),
    handles: handleCounts(),
    resident: residentBytes(),
  }
}

/** One client; every tenth opens a file and leaves it to close() to close it. */
async function cycle(round: number): Promise<void> {
  const client = connect()
  if (round % 10 === 0) {
    const file = await client.open(path, 'r')
    await file.read(Buffer.alloc(512), 0, 512, 0)
  } else {
    await client.nop()
  }
  await client.close()
}

function cycleSync(): void {
  const client = connect()
  client.nopSync()
  client.closeSync()
}

const actor = await spawnActor({ maxClients: 16 })
for (let round = 0; round < WARM_UP_CYCLES; round++) await cycle(round)
const before = await state()
for (let round = 0; round < CYCLES; round++) {
  if (round % 4 === 0) cycleSync()
  else await cycle(round)
}
for (let round = 0; round < 20; round++) {
  await Promise.all(Array.from({ length: 15 }, (_, index) => cycle(index)))
}
const after = await state()
const { clients, inFlight, openFiles } = await actor.stats()
const report: Report = {
  before,
  after,
  stats: { clients: clients.length, inFlight, openFiles },
}
console.log(JSON.stringify(report))
await actor.close()
