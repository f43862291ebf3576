// System calls per operation, counted from outside: of the whole process, all of its threads.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { runScript } from '../support/child.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { missingStrace } from '../support/tools.ts'

const child = new URL('./load-child.js', import.meta.url)
const file = temporaryFile(16 * 2 ** 20)
const SHORT = 10_000
const LONG = 70_000
/** System calls per read, of the whole process. */
const BOUND = 0.3
const ROUNDS = 3

interface Calls {
  all: number
  enters: number
}

/** Runs so many reads under strace and counts every system call of the process. */
async function callsOf(reads: number): Promise<Calls> {
  const summary = path.join(temporaryDirectory(), 'strace')
  const { code, stderr } = await runScript(child, {
    under: ['strace', '-c', '-f', '-o', summary],
    args: [file, String(reads)],
    timeoutMillis: 120_000,
  })
  assert.equal(code, 0, stderr)
  const text = readFileSync(summary, 'utf8')
  // Columns: % time, seconds, usecs/call, calls, errors (may be empty), syscall.
  const callsIn = (line: string | undefined): number => Number(line?.trim().split(/\s+/)[3] ?? 0)
  const lines = text.split('\n')
  return {
    all: callsIn(lines.find((line) => /\stotal$/.test(line))),
    enters: callsIn(lines.find((line) => /\sio_uring_enter$/.test(line))),
  }
}

test('with 32 reads in flight the whole process makes fewer than 0.3 system calls per read', {
  skip: missingStrace(),
}, async (t) => {
  const rounds: Calls[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Starting and ending cost the same in both, so the difference is the steady phase alone.
    const short = await callsOf(SHORT)
    const long = await callsOf(LONG)
    const all = (long.all - short.all) / (LONG - SHORT)
    const enters = (long.enters - short.enters) / (LONG - SHORT)
    t.diagnostic(`${all.toFixed(3)} system calls per read, ${enters.toFixed(3)} enters`)
    assert.ok(enters > 0.001, 'the reads did not go through the ring')
    assert.ok(enters <= 0.25, `${enters.toFixed(3)} enters per read`)
    rounds.push({ all, enters })
  }
  // The median: strace slows the threads unevenly, and one round in a few is off.
  const median = rounds.map(({ all }) => all).sort((a, b) => a - b)[(ROUNDS - 1) / 2]!
  assert.ok(median < BOUND, `${median.toFixed(3)} system calls per read`)
})
