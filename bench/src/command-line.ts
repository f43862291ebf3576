import path from 'node:path'
import { Command, CommanderError } from 'commander'
import { isOfSurroundings, UserError } from './user-error.ts'

/** A command whose faults are one line of ours, as all programs of the benchmarks have them. */
export function commandOf(usage: string): Command {
  return new Command(usage)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(false)
    .exitOverride()
}

/** Reads the command line. Throws a UserError of one line; false when help was asked for. */
export function parsed(command: Command, args: readonly string[]): boolean {
  try {
    command.parse(args, { from: 'user' })
    return true
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return false
    const line = error.message.replace(/^error: /, '')
    throw new UserError(`${line} (--help lists the options)`, 2)
  }
}

/** npm runs a program in the folder of package.json; paths are meant from where the user is. */
export function fromUser(place: string): string {
  return path.resolve(process.env.INIT_CWD ?? process.cwd(), place)
}

/** Runs a program; what is wrong with its surroundings is one line, and its exit code. */
export async function runProgram(main: () => Promise<number> | number): Promise<void> {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (!isOfSurroundings(error)) throw error
    // What a parser quotes of a file that is no JSON may have several lines.
    console.error(`bench: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}`)
    process.exitCode = error instanceof UserError ? error.exitCode : 1
  }
}
