// A writer in a process of its own is stopped at a random moment, by SIGKILL or together with its
// disk; then everything that it was told is on the disk must be there.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fsyncSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Random } from '../random/random.ts'
import { within } from '../support/outcome.ts'
import { FILES, recordNumber, WRITERS } from './durable-layout.ts'
import { RECORD_BYTES, versionOf } from './record.ts'

const writer = fileURLToPath(new URL('./durable-writer.js', import.meta.url))

export type Writing = 'sync' | 'no sync'

/** Where a writer works, and how all of it is stopped. */
export interface Place {
  /** An empty directory, on the disk that is to lose nothing. */
  readonly directory: string
  /** Stops the disk, if it is to stop before the writer is killed. */
  cut(): void
  /** What must be done before the directory can be read again. */
  recover(): void
  clear(): void
}

export interface CycleReport {
  acknowledged: number
  lost: number
}

/** So long after its first word a writer works, at most. */
const LIFE_MILLIS = 150
const END_MILLIS = 30_000

async function runCycle(
  place: Place,
  writing: Writing,
  version: number,
  random: Random,
): Promise<CycleReport> {
  prepare(place.directory)
  const child = spawn(process.execPath, [writer, place.directory, String(version), writing], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const told = listen(child)
  await within(END_MILLIS, 'the first record', told.first)
  await delay(random.below(LIFE_MILLIS))
  place.cut()
  child.kill('SIGKILL')
  await within(END_MILLIS, 'the end of the writer', told.end)
  place.recover()
  const report = check(place.directory, told.rounds, version)
  place.clear()
  return report
}

/** Makes the files, so that what is tested is their content and not their names. */
function prepare(directory: string): void {
  for (let index = 0; index < FILES; index++) {
    const fd = openSync(path.join(directory, `${index}`), 'w')
    fsyncSync(fd)
    closeSync(fd)
  }
  const fd = openSync(directory, 'r')
  fsyncSync(fd)
  closeSync(fd)
}

interface Told {
  /** Per writer, the last of its records that it was told of. */
  rounds: number[]
  first: Promise<void>
  end: Promise<unknown>
}

function listen(child: ChildProcess): Told {
  const rounds = new Array<number>(WRITERS).fill(-1)
  let rest = ''
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const first = new Promise<void>((resolve, reject) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        const [writer, round] = line.split(' ').map(Number) as [number, number]
        rounds[writer] = round
      }
      resolve()
    })
    child.once('close', () => reject(new Error(`the writer ended by itself: ${errors}`)))
  })
  return { rounds, first, end: once(child, 'close') }
}

function check(directory: string, rounds: readonly number[], version: number): CycleReport {
  const contents = Array.from({ length: FILES }, (_, index) =>
    readFileSync(path.join(directory, `${index}`)),
  )
  const report: CycleReport = { acknowledged: 0, lost: 0 }
  for (const [writer, last] of rounds.entries()) {
    const content = contents[writer % FILES]!
    for (let round = 0; round <= last; round++) {
      const number = recordNumber(writer, round)
      const bytes = content.subarray(number * RECORD_BYTES, (number + 1) * RECORD_BYTES)
      report.acknowledged++
      const there = bytes.length === RECORD_BYTES && versionOf(bytes, number) === version
      if (!there) report.lost++
    }
  }
  return report
}

/** A place whose disk goes on: only the writer is killed. */
export function plainPlace(directory: string): Place {
  const nothing = (): void => {}
  return { directory, cut: nothing, recover: nothing, clear: nothing }
}

export async function runCycles(
  place: Place,
  writing: Writing,
  cycles: number,
  seed: number,
  progress: (done: number, total: CycleReport) => void = () => {},
): Promise<CycleReport> {
  const random = new Random(seed, 0)
  const total: CycleReport = { acknowledged: 0, lost: 0 }
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const { acknowledged, lost } = await runCycle(place, writing, cycle, random)
    total.acknowledged += acknowledged
    total.lost += lost
    progress(cycle, total)
  }
  return total
}

/** The kernel lets the files of a ring go some time after their process has ended. */
function unmount(directory: string): void {
  const deadline = Date.now() + END_MILLIS
  for (;;) {
    try {
      execFileSync('umount', [directory], { stdio: 'pipe' })
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

/** A place on a filesystem of its own, which loses all that it has not written when it is cut. */
export function cutPlace(device: string, directory: string, shutdown: string): Place {
  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args, { stdio: 'pipe' })
  }
  return {
    directory,
    cut: () => run(shutdown, directory),
    recover: () => {
      unmount(directory)
      run('mount', device, directory)
    },
    clear: () => {},
  }
}
