/** `uring-actor top`. */
import { parseArgs } from 'node:util'
import { mistake } from '../command/mistake.ts'
import { print } from '../command/print.ts'
import { Connection } from './connection.ts'
import { OK, UNWRITABLE } from './failure.ts'
import { watchLive } from './live.ts'
import { printFrames } from './print.ts'
import { findTarget } from './target.ts'

const USAGE = `Usage: uring-actor top <pid|socket> [--once] [--json] [--interval <seconds>]

Shows what the actor of a running process does: for each client operations and megabytes a second,
operations in flight, taken at a time, the middle and the 99th percentile of their times, and how
much of the times was our own code's (busy) and not waiting (idle). The process has to ask for it:
spawnActor({ inspect: true }), or URING_ACTOR_INSPECT=1 in its environment. Only the user that it
runs as, and root, can watch it.

  --interval   what the figures are of, 0.1 to 3600 seconds; 1 if it is not given
  --once       the figures of one interval, and no more
  --json       each as a line of JSON
  --help       this text

q or Ctrl-C quits. Where the output is no terminal, one frame follows the other.

Ends with 0 when you have quit, 1 when the actor has ended before or the output cannot be written,
2 when the arguments are wrong, 3 when the process cannot be watched.
`

const INTERVAL = { least: 0.1, most: 3600 }

interface Orders {
  readonly target: string
  readonly once: boolean
  readonly json: boolean
  readonly intervalMillis: number
}

/** Null when help was asked for. Throws an error with one line for the user. */
function readArguments(args: readonly string[]): Orders | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      once: { type: 'boolean' },
      json: { type: 'boolean' },
      interval: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) return null
  const [target, ...more] = positionals
  if (target === undefined || target === '') {
    throw mistake('which process? Give its number, or the path of its socket')
  }
  if (more.length > 0) throw mistake(`one process at a time, and not '${more[0]}' too`)
  return {
    target,
    once: values.once === true,
    json: values.json === true,
    intervalMillis: 1000 * secondsOf(values.interval ?? '1'),
  }
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  const { least, most } = INTERVAL
  if (text.trim() !== '' && seconds >= least && seconds <= most) return seconds
  throw mistake(`--interval is a number of seconds from ${least} to ${most}, and not '${text}'`)
}

/** Runs the command; returns its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const orders = readArguments(args)
  if (orders === null) {
    await print(USAGE, UNWRITABLE)
    return OK
  }
  const connection = await Connection.open(findTarget(orders.target))
  try {
    const live = process.stdout.isTTY && !orders.once && !orders.json
    return await (live ? watchLive : printFrames)(connection, orders)
  } finally {
    connection.close()
  }
}
