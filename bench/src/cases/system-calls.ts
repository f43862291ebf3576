import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnActor } from '@uring-actor/actor'
import type { Case, CaseInput, Comparison, Sample } from '../comparison.ts'
import { Meter, warmUp } from '../meter.ts'
import { ours } from '../peers.ts'
import { programRefusal } from '../programs.ts'
import type { TracedPeer } from '../traced-reads.ts'

const DEPTH = 32
const CALLS = 'callsPerOperation'
const BATCH = 'operationsPerEnter'

/** How often the whole process enters the kernel for an operation. */
export const systemCalls: Comparison = {
  title: `System calls, warm 4 KiB random reads, ${DEPTH} in flight`,
  file: 'warm',
  metrics: [
    { key: CALLS, label: 'system calls/op (strace)', digits: 3 },
    { key: BATCH, label: 'ops/io_uring_enter (stats)', digits: 1 },
  ],
  cases: [
    tracedCase('uring-actor, traced', 'ours'),
    tracedCase('fs.promises, traced', 'fs.promises'),
    { name: 'uring-actor', run: meanBatch },
  ],
  figures: [
    {
      label: 'system calls per operation',
      how: 'value',
      metric: CALLS,
      of: 'uring-actor, traced',
      atMost: 0.3,
    },
    {
      label: 'operations per io_uring_enter',
      how: 'value',
      metric: BATCH,
      of: 'uring-actor',
      atLeast: 4,
    },
  ],
}

/** Two runs of different length: what starting and ending call is in both. */
function tracedCase(name: string, peer: TracedPeer): Case {
  return {
    name,
    missing: straceRefusal,
    run(input) {
      const [few, many] = input.quick ? [500, 2500] : [5000, 25_000]
      const calls = callsOf(peer, input, many) - callsOf(peer, input, few)
      return { [CALLS]: calls / (many - few) }
    },
  }
}

function straceRefusal(): string | null {
  const missing = programRefusal('strace')
  if (missing !== null) return missing
  const { status } = spawnSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' })
  return status === 0 ? null : 'strace may not trace processes here'
}

function callsOf(peer: TracedPeer, { file, size, scratch }: CaseInput, operations: number): number {
  const output = path.join(scratch, 'strace')
  const program = fileURLToPath(new URL('../traced-reads.js', import.meta.url))
  const traced = [process.execPath, program, peer, file, size, DEPTH, operations].map(String)
  const { status, stderr } = spawnSync('strace', ['-c', '-f', '-o', output, ...traced], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`strace ended with ${status}: ${stderr.trim()}`)
  return totalCalls(readFileSync(output, 'utf8'))
}

/** The fourth column of the last line: `100.00 0.123456 12 3456 7 total`. */
function totalCalls(summary: string): number {
  const found = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?total$/m.exec(summary)
  if (found === null) throw new Error(`no total in what strace wrote:\n${summary}`)
  return Number(found[1])
}

async function meanBatch(input: CaseInput): Promise<Sample> {
  const actor = await spawnActor()
  const load = await ours({ kind: 'read', depth: DEPTH, direct: false }, input)
  await warmUp(input.seconds, input.size, load)
  const before = await actor.stats()
  await load(new Meter(input.seconds, input.size))
  const after = await actor.stats()
  return { [BATCH]: (after.submitted - before.submitted) / (after.enters - before.enters) }
}
