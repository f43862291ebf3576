// Stops a writer as often as one likes, by SIGKILL or by cutting the power of its filesystem; fails
// when anything that was acknowledged as durable is lost, or when the control loses nothing.
//
//   npm run test:sigkill -- [--cycles N] [--seed N]
//   npm run test:power-cuts -- [--cycles N] [--seed N] [--filesystem ext4|xfs]
//
// Power cuts make block devices and mounts: as root, with URING_ACTOR_SYSTEM_TESTS=1.
import { parseArgs } from 'node:util'
import { temporaryDirectory } from '../support/temporary.ts'
import { type CycleReport, type Place, plainPlace, runCycles } from './durable.ts'
import { FILESYSTEMS, type Filesystem, makeCutPlace } from './power-cut.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cycles: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    filesystem: { type: 'string', multiple: true, default: [...FILESYSTEMS] },
  },
})
const CONTROL_CYCLES = 10
const cycles = Number(values.cycles)
const seed = Number(values.seed)
console.log(`${positionals[0]}: ${cycles} cycles, seed ${seed}`)

const progress =
  (what: string) =>
  (done: number, { acknowledged, lost }: CycleReport): void => {
    if (done % 50 === 0)
      console.log(`${what}: ${done} cycles, ${acknowledged} records, ${lost} lost`)
  }

async function run(what: string, place: Place, times: number): Promise<void> {
  const total = await runCycles(place, 'sync', times, seed, progress(what))
  console.log(`${what}: ${times} cycles, ${total.acknowledged} acknowledged, ${total.lost} lost`)
  if (total.lost > 0 || total.acknowledged === 0) throw new Error(`${what}: it does not hold`)
}

async function control(what: string, place: Place): Promise<void> {
  const { acknowledged, lost } = await runCycles(place, 'no sync', CONTROL_CYCLES, seed)
  console.log(`${what}, control: ${acknowledged} written, ${lost} lost`)
  if (lost === 0) throw new Error(`${what}: the control lost nothing, so the harness is broken`)
}

if (positionals[0] === 'sigkill') {
  await run('SIGKILL', plainPlace(temporaryDirectory()), cycles)
} else {
  const kinds = values.filesystem as Filesystem[]
  for (const kind of kinds) {
    const place = makeCutPlace(kind)
    if (typeof place === 'string') throw new Error(place)
    await control(kind, place)
    await run(kind, place, Math.ceil(cycles / kinds.length))
  }
}
console.log('all of it held')
