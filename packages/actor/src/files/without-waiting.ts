import fs from 'node:fs'
import type { OpenFile } from './file-table.ts'

const ACCESS_MODES = fs.constants.O_RDONLY | fs.constants.O_WRONLY | fs.constants.O_RDWR

/**
 * Replaces the descriptor of a pipe or a terminal by one that never blocks. A thread of the pool
 * that waits in one cannot be called back: it would be lost to the whole process, and node could
 * not end before it returns. True when it was replaced; a caller who has asked for O_NONBLOCK
 * himself gets his EAGAIN.
 */
export function withoutWaiting(file: OpenFile): boolean {
  const { fd, flags } = file
  if (!file.stream || (flags & fs.constants.O_NONBLOCK) !== 0) return false
  try {
    const { O_NONBLOCK, O_NOCTTY } = fs.constants
    file.fd = fs.openSync(`/proc/self/fd/${fd}`, (flags & ACCESS_MODES) | O_NONBLOCK | O_NOCTTY)
  } catch {
    // No /proc, no right, or a pipe without a reader: then it blocks, as in node:fs.
    return false
  }
  if (file.handle === null) fs.closeSync(fd)
  else void file.handle.close()
  file.handle = null
  return true
}
