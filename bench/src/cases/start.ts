import { spawnActor } from '@uring-actor/actor'
import { type CaseInput, type Comparison, EXIT, type Sample } from '../comparison.ts'
import { BLOCK_BYTES } from '../meter.ts'

const FIRST_READ = 'firstReadMillis'

/** The beginning and the end of a process that reads one block. */
export const start: Comparison = {
  title: 'From spawnActor() to the first completed read, and the end without close()',
  file: 'warm',
  metrics: [{ key: FIRST_READ, label: 'first read, ms', digits: 1 }, EXIT],
  cases: [
    { name: 'uring-actor', run: readOnce },
    { name: 'bare process', run: () => ({}) },
  ],
  figures: [
    {
      label: 'spawnActor() to first read, ms',
      how: 'value',
      metric: FIRST_READ,
      of: 'uring-actor',
      atMost: 100,
    },
    {
      label: 'exits by itself: ms more than a bare process takes',
      how: 'difference',
      metric: EXIT.key,
      of: 'uring-actor',
      against: 'bare process',
    },
  ],
}

async function readOnce({ file: path }: CaseInput): Promise<Sample> {
  const began = performance.now()
  const actor = await spawnActor()
  const file = await actor.connect().open(path, 'r')
  await file.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, 0)
  return { [FIRST_READ]: performance.now() - began }
}
