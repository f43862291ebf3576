/**
 * A store that claims to be durable, and the test that finds out. The power of a simulated disk is cut
 * at an operation of chance, again and again; whatever was acknowledged must be there afterwards. One
 * of the two stores has a bug, which the first seeds show. Run it from a clone:
 *
 *   node scripts/run.mjs examples/dist/05-power-cut.js
 */
import { spawnTestActor } from '@uring-actor/actor/testing'
import { type Client, connect, type UringFile } from '@uring-actor/client'

/** One number after the other, eight bytes each. */
interface Store {
  append(value: number): Promise<unknown>
}

class Journal implements Store {
  readonly file: UringFile
  end = 0

  constructor(file: UringFile) {
    this.file = file
  }

  append(value: number): Promise<unknown> {
    return this.file.writeDurable(this.record(value), 0, 8, this.place())
  }

  record(value: number): Float64Array {
    return Float64Array.of(value)
  }

  place(): number {
    this.end += 8
    return this.end - 8
  }
}

/** Faster: write and sync run at the same time. But a sync covers only what was written before it. */
class HastyJournal extends Journal {
  override append(value: number): Promise<unknown> {
    const written = this.file.write(this.record(value), 0, 8, this.place())
    return Promise.all([written, this.file.datasync()])
  }
}

/** Appends until the power is gone; returns what was acknowledged. */
async function appendUntilDark(store: Store): Promise<number[]> {
  const acknowledged: number[] = []
  for (let value = 1; ; value += 3) {
    const batch = [value, value + 1, value + 2]
    const results = await Promise.allSettled(batch.map((each) => store.append(each)))
    results.forEach(({ status }, index) => {
      if (status === 'fulfilled') acknowledged.push(batch[index] as number)
    })
    if (results.some(({ status }) => status === 'rejected')) return acknowledged
  }
}

async function recover(client: Client): Promise<Set<number>> {
  const file = await client.open('/journal').catch(() => null)
  if (file === null) return new Set()
  const bytes = await file.readFile()
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 8))
  return new Set(new Float64Array(new Uint8Array(whole).buffer))
}

/** The acknowledged values that a power cut took away. */
async function lost(seed: number, open: (file: UringFile) => Store): Promise<number[]> {
  // Which operation the power goes at follows from the seed, as all else does.
  const rules = [{ at: 5 + ((seed * 7919) % 60), powerCut: true }]
  await using tested = await spawnTestActor({ seed, rules })
  const client = connect()
  const store = open(await client.open('/journal', 'w'))
  const acknowledged = await appendUntilDark(store)
  await tested.faults.restorePower()
  const survivors = await recover(client)
  return acknowledged.filter((value) => !survivors.has(value))
}

const SEEDS = 20
const stores = {
  'hasty journal': (file: UringFile) => new HastyJournal(file),
  journal: (file: UringFile) => new Journal(file),
}
for (const [name, open] of Object.entries(stores)) {
  let seed = 1
  let missing: number[] = []
  while (seed <= SEEDS && missing.length === 0) missing = await lost(seed++, open)
  if (missing.length === 0) console.log(`${name}: nothing was lost in ${SEEDS} power cuts`)
  else console.log(`${name}: with seed ${seed - 1} it lost ${missing}, which it had acknowledged`)
}
