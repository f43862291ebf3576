import { spawnSync } from 'node:child_process'
import type { ProgramVersion } from './results/results.ts'

const PROGRAMS = { fio: 'fio', strace: 'strace', cc: 'gcc' } as const
type Program = keyof typeof PROGRAMS

/** Why a program cannot be used, with the line that installs it on Debian; null when it can. */
export function programRefusal(name: Program): string | null {
  const { error } = spawnSync(name, ['--version'], { stdio: 'ignore' })
  return error === undefined ? null : `${name} is not installed (${installLine(name)})`
}

function installLine(name: Program): string {
  return `apt-get install ${PROGRAMS[name]}`
}

/** The programs that peers are made of, and Node itself with its own libraries. */
export function programVersions(): ProgramVersion[] {
  const { node, uv, v8 } = process.versions
  const installed = (Object.keys(PROGRAMS) as Program[]).map((name) => {
    const { stdout, error } = spawnSync(name, ['--version'], { encoding: 'utf8' })
    const version = error === undefined ? stdout.split('\n', 1)[0]!.trim() : null
    return { name, version, install: installLine(name) }
  })
  return [
    { name: 'node:fs', version: `Node.js ${node}, libuv ${uv}, V8 ${v8}`, install: null },
    ...installed,
  ]
}
