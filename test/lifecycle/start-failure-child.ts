// The child of start-failure.test.ts: spawns twice in a process where the first try is made to fail.
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { getEnvironmentData, Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { ADDRESS_KEY } from '@uring-actor/client/protocol'
import { codeOf } from '../support/outcome.ts'
import {
  descriptorsBesidesSources,
  eventually,
  openDescriptors,
  threadCount,
} from '../support/process-state.ts'

export interface FailureReport {
  first: string | null
  message: string
  connect: string | null
  addressLeft: boolean
  descriptorsLeft: number
  threadsLeft: number
  second: string | null
}

async function attempt(): Promise<{ code: string | null; message: string }> {
  try {
    const actor = await spawnActor()
    const client = connect()
    await client.nop()
    await client.close()
    await actor.close()
    return { code: null, message: '' }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { code: code ?? 'no code', message }
  }
}

/** Fails, looks what is left, and fails again in the same way. */
async function failTwice(): Promise<FailureReport> {
  const descriptors = openDescriptors()
  const threads = threadCount()
  const first = await attempt()
  const connectCode = await codeOf(() => connect())
  await eventually(() => threadCount() <= threads && openDescriptors() <= descriptors + 1)
  const report = {
    first: first.code,
    message: first.message,
    connect: connectCode,
    addressLeft: getEnvironmentData(ADDRESS_KEY) !== undefined,
    descriptorsLeft: openDescriptors() - descriptors,
    threadsLeft: threadCount() - threads,
  }
  return { ...report, second: (await attempt()).code }
}

export interface DescriptorReport {
  /** The outcome with so many descriptors free, in their order. */
  outcomes: Array<{ free: number; code: string | null; message: string }>
  descriptorsLeft: number
  threadsLeft: number
}

/**
 * Tries with 4, 5, 6 … free descriptors under a low RLIMIT_NOFILE, until it works. Fewer are no test
 * of ours: node itself then leaks an epoll descriptor for each worker that it cannot start.
 */
async function fewDescriptors(): Promise<DescriptorReport> {
  const outcomes: DescriptorReport['outcomes'] = []
  const descriptors = descriptorsBesidesSources()
  const threads = threadCount()
  for (let free = 4; free < 64; free++) {
    const taken: number[] = []
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'))
    } catch {
      // EMFILE: all are taken now.
    }
    for (const fd of taken.splice(0, free)) closeSync(fd)
    const outcome = await attempt()
    for (const fd of taken) closeSync(fd)
    outcomes.push({ free, ...outcome })
    if (outcome.code === null) break
  }
  await eventually(() => threadCount() <= threads && descriptorsBesidesSources() <= descriptors + 1)
  return {
    outcomes,
    descriptorsLeft: descriptorsBesidesSources() - descriptors,
    threadsLeft: threadCount() - threads,
  }
}

// The first worker and the first output open descriptors of node's own, once.
try {
  await once(new Worker('', { eval: true }), 'exit')
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error
}
process.stdout.write('\n')
const report = process.argv[2] === 'descriptors' ? await fewDescriptors() : await failTwice()
process.stdout.write(`${JSON.stringify(report)}\n`)
