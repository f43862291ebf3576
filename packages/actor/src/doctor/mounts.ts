import { readFileSync } from 'node:fs'

/**
 * The type of the filesystem that an absolute path without links lies on, as mount(8) names it:
 * 'ext4', 'xfs', 'overlay'. Null where /proc/self/mountinfo does not tell.
 */
export function filesystemType(path: string): string | null {
  try {
    return typeIn(readFileSync('/proc/self/mountinfo', 'utf8'), path)
  } catch {
    // No /proc, or the permission model keeps it from us.
    return null
  }
}

/**
 * The same, in a text as proc_pid_mountinfo(5) describes it, a line for each mount:
 * `id parent device root point options [optional...] - type source options`.
 */
export function typeIn(mountinfo: string, path: string): string | null {
  let point = ''
  let type: string | null = null
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ')
    if (after === undefined) continue
    const candidate = unescaped(before.split(' ')[4])
    // Of two mounts on one point the later one is what is seen.
    if (!isBelow(path, candidate) || candidate.length < point.length) continue
    point = candidate
    type = after.split(' ')[0]
  }
  return type
}

function isBelow(path: string, point: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`)
}

/** Spaces and the like are written as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}
