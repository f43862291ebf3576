// Stops a writer as often as one likes, by SIGKILL or by cutting the power of its filesystem; fails
// when anything that was acknowledged as durable is lost, or when a control that is to lose some loses
// nothing. What was acknowledged while the power went is counted apart (see Cut in durable.ts).
//
//   npm run test:sigkill -- [--cycles N] [--seed N]
//   npm run test:power-cuts -- [--cycles N] [--seed N] [--filesystem ext4|xfs] [--skip-controls]
//
// Power cuts make block devices and mounts: as root, with URING_ACTOR_SYSTEM_TESTS=1.
import { parseArgs } from 'node:util'
import { temporaryDirectory } from '../support/temporary.ts'
import { type CycleReport, type Place, plainPlace, runCycles, type Writing } from './durable.ts'
import { FILESYSTEMS, type Filesystem, makeCutPlace } from './power-cut.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cycles: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    'skip-controls': { type: 'boolean', default: false },
    filesystem: { type: 'string', multiple: true, default: [...FILESYSTEMS] },
  },
})
/** How many cycles of the controls: what is never synced is lost at once, the other now and then. */
const CONTROLS = { 'no sync': 10, 'early sync': 50 } as const
const PLAIN_CYCLES = 50
const cycles = Number(values.cycles)
const seed = Number(values.seed)
console.log(`${positionals[0]}: ${cycles} cycles, seed ${seed}`)

function told({ acknowledged, lost, during, duringLost }: CycleReport): string {
  const going = `while the power went ${during}, ${duringLost} lost`
  return `${acknowledged} acknowledged, ${lost} lost${during > 0 ? `; ${going}` : ''}`
}

const progress =
  (what: string) =>
  (done: number, total: CycleReport): void => {
    if (done % 50 === 0) console.log(`${what}: ${done} cycles, ${told(total)}`)
  }

async function run(what: string, place: Place, times: number, how: Writing): Promise<void> {
  const total = await runCycles(place, how, times, seed, progress(`${what} so far`))
  console.log(`${what}: ${times} cycles, ${told(total)}`)
  if (total.lost > 0 || total.acknowledged <= total.during) {
    throw new Error(`${what}: it does not hold`)
  }
}

async function control(what: string, place: Place, writing: keyof typeof CONTROLS): Promise<void> {
  const total = await runCycles(place, writing, CONTROLS[writing], seed)
  console.log(`${what}, control, ${writing}: ${told(total)}`)
  if (total.lost === 0) {
    throw new Error(`${what}: the control lost nothing, so the harness is broken`)
  }
}

if (positionals[0] === 'sigkill') {
  await run('SIGKILL', plainPlace(temporaryDirectory()), cycles, 'sync')
} else {
  const kinds = values.filesystem as Filesystem[]
  for (const kind of kinds) {
    const place = makeCutPlace(kind)
    if (typeof place === 'string') throw new Error(place)
    if (!values['skip-controls']) {
      await control(kind, place, 'no sync')
      await control(kind, place, 'early sync')
      await run(`${kind}, control, plain`, place, PLAIN_CYCLES, 'plain')
    }
    await run(kind, place, Math.ceil(cycles / kinds.length), 'sync')
  }
}
console.log('all of it held')
