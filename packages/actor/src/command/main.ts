/** The program `uring-actor`. */
import { mistake } from './mistake.ts'
import { print } from './print.ts'

const USAGE = `Usage: uring-actor <command> [arguments]

  doctor [path]       which engine an actor would take here, and why
  top <pid|socket>    what the actor of a running process does, live

  --help              this text; after a command, what it takes
`

interface Command {
  /** Runs it; resolves to its exit code. */
  run(args: readonly string[]): Promise<number>
}

/** A command is loaded when it is asked for. */
const COMMANDS = new Map<string, () => Promise<Command>>([
  ['doctor', () => import('../doctor/command.ts')],
  ['top', () => import('../top/command.ts')],
])

const OK = 0
const UNWRITABLE = 1
const BAD_ARGUMENTS = 2

/** Runs the program; returns its exit code. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  try {
    if (name === '--help' || name === '-h') {
      await print(USAGE, UNWRITABLE)
      return OK
    }
    const names = [...COMMANDS.keys()].join(', ')
    if (name === undefined) throw mistake(`which command? There are: ${names}`)
    const load = COMMANDS.get(name)
    if (load === undefined) throw mistake(`there is no command '${name}', only: ${names}`)
    return await (await load()).run(args)
  } catch (error) {
    process.stderr.write(`uring-actor: ${complaint(error as NodeJS.ErrnoException)}\n`)
    return (error as { exitCode?: number }).exitCode ?? BAD_ARGUMENTS
  }
}

/** One line of an error that the user can mend; all of any other. */
function complaint(error: NodeJS.ErrnoException & { exitCode?: number }): string {
  const { code, exitCode, message, stack } = error
  if (exitCode !== undefined) return message
  if (code === undefined) return stack ?? message
  // What follows the first sentence is advice that does not hold here.
  if (code.startsWith('ERR_PARSE_ARGS')) return message.split(/\n|\. /, 1)[0]
  return message.split('\n', 1)[0]
}

process.exitCode = await main(process.argv.slice(2))
