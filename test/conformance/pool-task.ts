// The task of piscina-pool.test.ts: one case. Each worker of the pool has one client of its own.
import { connect } from '@uring-actor/client'
import { type CaseReport, runCase } from './context.ts'
import { caseOf } from './report.ts'

const client = connect()

export default function runTask(name: string): Promise<CaseReport> {
  return runCase(caseOf(name), client)
}
