// The process of one case: runs it once, prints its sample as one line of JSON, and ends by itself.
import { COMPARISONS } from './comparisons.ts'
import type { CaseOrders } from './run-case.ts'

const { comparison, name, input } = JSON.parse(process.argv[2]!) as CaseOrders
const { cases } = await COMPARISONS[comparison]!()
const sample = await cases.find((candidate) => candidate.name === name)!.run(input)
process.stdout.write(`${JSON.stringify(sample)}\n`)
