import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { OpenFile } from './file-table.ts'

type Opened = (error: NodeJS.ErrnoException | null, fd: number, handle: FileHandle | null) => void
type Done = (error: NodeJS.ErrnoException | null) => void

/**
 * Opens a file. Under the permission model node:fs syncs no bare descriptor, only what is in a
 * FileHandle: there the file comes with one, which then owns the descriptor.
 */
export function openDescriptor(path: Buffer, flags: number, mode: number, opened: Opened): void {
  if (process.permission === undefined) {
    fs.open(path, flags, mode, (error, fd) => opened(error, fd, null))
    return
  }
  fs.promises.open(path, flags, mode).then(
    (handle) => opened(null, handle.fd, handle),
    (error) => opened(error, -1, null),
  )
}

export function closeDescriptor(fd: number, handle: FileHandle | null, done: Done): void {
  if (handle === null) fs.close(fd, done)
  else handle.close().then(() => done(null), done)
}

/** fsync(2), or fdatasync(2). */
export function syncDescriptor({ fd, handle }: OpenFile, data: boolean, done: Done): void {
  if (handle !== null) (data ? handle.datasync() : handle.sync()).then(() => done(null), done)
  else if (data) fs.fdatasync(fd, done)
  else fs.fsync(fd, done)
}
