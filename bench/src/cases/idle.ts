import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { CaseInput, Comparison, Sample } from '../comparison.ts'
import { Meter } from '../meter.ts'
import { ours } from '../peers.ts'

const SPAN_SECONDS = 10
/**
 * V8 collects what is left some 8 s after the last work, and at times again after 16: 10 to 40 ms,
 * with or without an actor (node --trace-gc says "reduce").
 */
const SETTLE_SECONDS = 20
const METRIC = 'cpuMillis'

/** What a process costs whose actor has nothing to do. */
export const idle: Comparison = {
  title: `CPU time of a process whose actor has come to rest, over ${SPAN_SECONDS} s`,
  file: 'warm',
  metrics: [{ key: METRIC, label: `CPU ms in ${SPAN_SECONDS} s`, digits: 2 }],
  cases: [
    { name: 'actor, client, open file', run: idleOurs },
    { name: 'bare worker', run: idleWorker },
  ],
  figures: [
    {
      label: `user + system in ${SPAN_SECONDS} s, ms`,
      how: 'value',
      metric: METRIC,
      of: 'actor, client, open file',
      atMost: 10,
    },
  ],
}

/** It has worked before, so whatever keeps a busy actor awake must come to rest. */
async function idleOurs(input: CaseInput): Promise<Sample> {
  const load = await ours({ kind: 'read', depth: 32, direct: false }, input)
  await load(new Meter(Math.min(0.2, input.seconds), input.size))
  return restingMillis(input)
}

/** A thread that waits for messages and never had any. */
function idleWorker(input: CaseInput): Promise<Sample> {
  const script = 'require("node:worker_threads").parentPort.on("message", () => {})'
  new Worker(script, { eval: true }).unref()
  return restingMillis(input)
}

async function restingMillis(input: CaseInput): Promise<Sample> {
  await delay((input.quick ? 0.3 : SETTLE_SECONDS) * 1000)
  const seconds = input.quick ? 1 : SPAN_SECONDS
  const before = process.cpuUsage()
  await delay(seconds * 1000)
  const { user, system } = process.cpuUsage(before)
  return { [METRIC]: ((user + system) / 1000) * (SPAN_SECONDS / seconds) }
}
