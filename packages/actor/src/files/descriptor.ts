import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { OpenFile } from './file-table.ts'

type Opened = (error: NodeJS.ErrnoException | null, fd: number, handle: FileHandle | null) => void
type Done = (error: NodeJS.ErrnoException | null) => void

/** Paths that node:fs is opening in this thread. */
const opening = new Set<Buffer>()

/**
 * Opens a file. Under the permission model node:fs syncs no bare descriptor, only what is in a
 * FileHandle: there the file comes with one, which then owns the descriptor.
 */
export function openDescriptor(path: Buffer, flags: number, mode: number, opened: Opened): void {
  const done: Opened = (error, fd, handle) => {
    opening.delete(path)
    opened(error, fd, handle)
  }
  if (process.permission === undefined) {
    fs.open(path, flags, mode, (error, fd) => done(error, fd, null))
    opening.add(path)
    return
  }
  fs.promises.open(path, flags, mode).then(
    (handle) => done(null, handle.fd, handle),
    (error) => done(error, -1, null),
  )
  opening.add(path)
}

/**
 * Lets the opens of named pipes return that wait for the other end: by opening it, for a moment. They
 * wait in libuv's pool, and before they return this thread cannot end.
 */
export function letOpensGo(): void {
  for (const path of opening) {
    try {
      if (!fs.statSync(path).isFIFO()) continue
      fs.closeSync(fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK))
    } catch {
      // It is gone, or not ours to open: then the thread waits for whoever opens it.
    }
  }
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
