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

/**
 * 'no sync' and 'early sync' are controls: some of what they were told is on the disk is not. 'plain' is
 * plain-writer.c, so what it loses is the kernel's doing, or the harness's.
 */
export type Writing = 'sync' | 'early sync' | 'no sync' | 'plain'

/**
 * When a disk was cut off, in nanoseconds of CLOCK_MONOTONIC: at some moment between these. Power that
 * is really cut ends the processor, too. Here the kernel goes on, and for a moment calls syncs
 * successful that are none ('plain' shows it without us), so only what was acknowledged before must
 * be there.
 */
interface Cut {
  readonly began: bigint
  readonly ended: bigint
}

/** Where a writer works, and how all of it is stopped. */
export interface Place {
  /** An empty directory, on the disk that is to lose nothing. */
  readonly directory: string
  /** Stops the disk; null where only the writer is to be stopped. */
  cut(): Cut | null
  /** What must be done before the directory can be read again. */
  recover(): void
  clear(): void
  /** plain-writer.c, compiled. */
  readonly plain?: string
}

export interface CycleReport {
  /** Acknowledged while the disk was there, and how many of those are not on it. */
  acknowledged: number
  lost: number
  /** The same for what was acknowledged when the disk was being cut off, or was: they say nothing. */
  during: number
  duringLost: number
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
  const plain = [place.plain ?? '', place.directory, String(version)]
  const ours = [process.execPath, writer, place.directory, String(version), writing]
  const [command = '', ...commandArguments] = writing === 'plain' ? plain : ours
  const child = spawn(command, commandArguments, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const told = listen(child)
  await within(END_MILLIS, 'the first record', told.first)
  await delay(random.below(LIFE_MILLIS))
  const cut = place.cut()
  child.kill('SIGKILL')
  await within(END_MILLIS, 'the end of the writer', told.end)
  place.recover()
  const report = check(place.directory, told.times, cut, version)
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
  /** Per writer and record, when it was told of it. */
  times: bigint[][]
  first: Promise<void>
  end: Promise<unknown>
}

function listen(child: ChildProcess): Told {
  const times: bigint[][] = Array.from({ length: WRITERS }, () => [])
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
        const [writer, round, time] = line.split(' ') as [string, string, string]
        times[Number(writer)]![Number(round)] = BigInt(time)
      }
      resolve()
    })
    child.once('close', () => reject(new Error(`the writer ended by itself: ${errors}`)))
  })
  return { times, first, end: once(child, 'close') }
}

function check(
  directory: string,
  times: ReadonlyArray<readonly bigint[]>,
  cut: Cut | null,
  version: number,
): CycleReport {
  const contents = Array.from({ length: FILES }, (_, index) =>
    readFileSync(path.join(directory, `${index}`)),
  )
  const report = emptyReport()
  for (const [writer, told] of times.entries()) {
    const content = contents[writer % FILES]!
    for (const [round, time] of told.entries()) {
      const number = recordNumber(writer, round)
      const bytes = content.subarray(number * RECORD_BYTES, (number + 1) * RECORD_BYTES)
      const there = bytes.length === RECORD_BYTES && versionOf(bytes, number) === version
      const before = cut === null || time < cut.began
      report[before ? 'acknowledged' : 'during']++
      if (!there) report[before ? 'lost' : 'duringLost']++
    }
  }
  return report
}

function emptyReport(): CycleReport {
  return { acknowledged: 0, lost: 0, during: 0, duringLost: 0 }
}

/** A place whose disk goes on: only the writer is killed. */
export function plainPlace(directory: string): Place {
  const nothing = (): void => {}
  return { directory, cut: () => null, recover: nothing, clear: nothing }
}

export async function runCycles(
  place: Place,
  writing: Writing,
  cycles: number,
  seed: number,
  progress: (done: number, total: CycleReport) => void = () => {},
): Promise<CycleReport> {
  const random = new Random(seed, 0)
  const total = emptyReport()
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const report = await runCycle(place, writing, cycle, random)
    total.acknowledged += report.acknowledged
    total.lost += report.lost
    total.during += report.during
    total.duringLost += report.duringLost
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

/** Runs shutdown.c. Its clock must be the writer's, or nothing could be told from what both say. */
function cutOff(shutdown: string, directory: string): Cut {
  const before = process.hrtime.bigint()
  const output = execFileSync(shutdown, [directory], { encoding: 'utf8', stdio: 'pipe' })
  const [began, ended] = output.trim().split(' ').map(BigInt) as [bigint, bigint]
  if (began < before || ended < began || process.hrtime.bigint() < ended) {
    throw new Error(`a cut from ${began} to ${ended} was not made here and now`)
  }
  return { began, ended }
}

/** A place on a filesystem of its own, which loses all that it has not written when it is cut. */
export function cutPlace(
  device: string,
  directory: string,
  programs: { shutdown: string; plain: string },
): Place {
  const run = (command: string, ...args: string[]): void => {
    execFileSync(command, args, { stdio: 'pipe' })
  }
  return {
    directory,
    cut: () => cutOff(programs.shutdown, directory),
    recover: () => {
      unmount(directory)
      run('mount', device, directory)
    },
    clear: () => {},
    plain: programs.plain,
  }
}
