/** `uring-actor doctor`. */
import { parseArgs } from 'node:util'
import { mistake } from '../command/mistake.ts'
import { print } from '../command/print.ts'
import { capabilities } from './capabilities.ts'
import { report } from './report.ts'

const USAGE = `Usage: uring-actor doctor [path] [--json]

Says which engine an actor would take here, and why; what to do about it when it is not io_uring;
and with a path, what direct I/O and trim can do there. Nothing is changed.

  --json   the same, as one JSON object
  --help   this text

Ends with 0 when io_uring would be used, 1 when the slower thread pool or nothing would, 2 when
the arguments are wrong or the path is not there, 3 when the output cannot be written.
`

const OK = 0
const FALLS_BACK = 1
const UNWRITABLE = 3

interface Orders {
  readonly path: string | undefined
  readonly json: boolean
}

/** Null when help was asked for. Throws an error with one line for the user. */
function readArguments(args: readonly string[]): Orders | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help === true) return null
  const [path, ...more] = positionals
  if (more.length > 0) throw mistake(`one path at most, and not '${more[0]}' too`)
  return { path, json: values.json === true }
}

/** Runs the command; returns its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const orders = readArguments(args)
  if (orders === null) {
    await print(USAGE, UNWRITABLE)
    return OK
  }
  const found = await capabilities(orders.path)
  const text = orders.json ? `${JSON.stringify(found, null, 2)}\n` : report(found)
  await print(text, UNWRITABLE)
  return found.engine === 'io_uring' ? OK : FALLS_BACK
}
