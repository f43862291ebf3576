// Running a child as an ordinary user, without root's capabilities.
import { chmodSync } from 'node:fs'
import { temporaryDirectory } from './temporary.ts'
import { missingProgram, missingRoot } from './tools.ts'

/** Nobody has it: what the kernel counts for each user is then counted for this test alone. */
const USER = 60_000 + (process.pid % 5000)

/** The reason to skip what must run as another user. */
export function missingOrdinaryUser(): string | false {
  return missingRoot() || missingProgram('setpriv')
}

/**
 * The command that runs another one as an ordinary user. It keeps the capability to read all files,
 * because the clone may lie where only root may look, and loses all others.
 */
export function asOrdinaryUser(): string[] {
  const ids = [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups']
  const kept = '-all,+dac_read_search'
  return ['setpriv', ...ids, `--inh-caps=${kept}`, `--ambient-caps=${kept}`]
}

/** A directory that every user may write to. */
export function openDirectory(): string {
  const directory = temporaryDirectory()
  chmodSync(directory, 0o777)
  return directory
}
