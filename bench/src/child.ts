// The process of one case: runs it once, prints what it measured as one line of JSON, and ends by itself.
import { mkdtempSync, rmSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { COMPARISONS } from './comparisons.ts'
import { isMismatch } from './data/blocks.ts'
import { LatencyRecorder } from './measure/latency-recorder.ts'
import { percentiles } from './measure/latency-result.ts'
import type { CaseOrders, Measured } from './run-case.ts'
import { isOfSurroundings } from './user-error.ts'

// From an argument too, for whoever wants to look at one case by hand.
const orders = process.argv[2] ?? (await text(process.stdin))
const { comparison, name, input: given } = JSON.parse(orders) as CaseOrders
const input = { ...given, scratch: given.scratch ?? ownScratch(given.file) }
const { cases } = await COMPARISONS[comparison]!()
const recorder = new LatencyRecorder()
try {
  const sample = await cases.find((candidate) => candidate.name === name)!.run(input, recorder)
  const latency = recorder.count > 0 ? recorder.raw() : null
  const measured: Measured = {
    sample: { ...sample, ...(latency === null ? {} : percentiles(latency)) },
    latency,
  }
  process.stdout.write(`${JSON.stringify(measured)}\n`)
} catch (error) {
  if (!isOfSurroundings(error) && !isMismatch(error)) throw error
  process.stderr.write(error.message)
  // What other lanes and workers are still at is of no use any more.
  process.exit(1)
}

/** Whoever runs a case by hand need not make one. */
function ownScratch(file: string): string {
  const folder = mkdtempSync(`${file}.scratch-`)
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
