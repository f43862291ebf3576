import { spawnSync } from 'node:child_process'

/** Why a program cannot be used, with the line that installs it on Debian; null when it can. */
export function programRefusal(name: 'fio' | 'strace'): string | null {
  const { error } = spawnSync(name, ['--version'], { stdio: 'ignore' })
  return error === undefined ? null : `${name} is not installed (apt-get install ${name})`
}
