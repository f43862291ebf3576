import { dirname, join } from 'node:path'
import { readText } from '../files/read-text.ts'

const ROOT = '/sys/fs/cgroup'
/** Where version 1 has its controller of processor time: by itself, or with the accounting. */
const VERSION_1 = [join(ROOT, 'cpu'), join(ROOT, 'cpu,cpuacct')]
const VERSION_2 = [ROOT, join(ROOT, 'unified')]

type Read = (path: string) => string

/**
 * How many processors' time this process may use, by the control groups it is in and those above them;
 * Infinity where nothing limits it, or nothing can be read. A container with `--cpus=1.5` has 1.5 of it,
 * and as many processors as the machine: who uses more is stopped for the rest of the period (100 ms).
 * See cgroups(7): `cpu.max` of version 2, `cpu.cfs_quota_us` and `cpu.cfs_period_us` of version 1.
 */
export function cpuQuota(read: Read = readText): number {
  let least = Number.POSITIVE_INFINITY
  for (const line of read('/proc/self/cgroup').split('\n')) {
    const [, controllers, ...path] = line.split(':')
    const group = path.join(':')
    if (!group.startsWith('/')) continue
    if (controllers === '') {
      for (const root of VERSION_2) least = Math.min(least, leastOf(root, group, read, quotaOf2))
    } else if (controllers!.split(',').includes('cpu')) {
      for (const root of VERSION_1) least = Math.min(least, leastOf(root, group, read, quotaOf1))
    }
  }
  return least
}

/** In a container the root of what is mounted may be the group itself, whatever its path is outside. */
function leastOf(
  root: string,
  group: string,
  read: Read,
  quotaOf: (directory: string, read: Read) => number,
): number {
  let least = Number.POSITIVE_INFINITY
  for (let at = group; ; at = dirname(at)) {
    least = Math.min(least, quotaOf(join(root, at), read))
    if (at === '/') return least
  }
}

function quotaOf2(directory: string, read: Read): number {
  const [quota, period] = read(join(directory, 'cpu.max')).trim().split(' ')
  return share(quota, period)
}

function quotaOf1(directory: string, read: Read): number {
  const quota = read(join(directory, 'cpu.cfs_quota_us'))
  return share(quota, read(join(directory, 'cpu.cfs_period_us')))
}

/** 'max', -1 and what cannot be read limit nothing. */
function share(quota: string | undefined, period: string | undefined): number {
  const processors = Number.parseFloat(quota ?? '') / Number.parseFloat(period ?? '')
  return processors > 0 ? processors : Number.POSITIVE_INFINITY
}
