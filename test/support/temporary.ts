// Directories that are gone when the test file's process ends, however it ends.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const made: string[] = []

process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'uring-actor-'))
  made.push(directory)
  return directory
}

/** A file in a directory of its own; byte i of it is i * 7 % 251, whatever its size. */
export function temporaryFile(size: number, name: string = 'data'): string {
  const file = path.join(temporaryDirectory(), name)
  writeFileSync(file, patternBytes(size))
  return file
}

/** What a file made by `temporaryFile` holds from byte `from` on. */
export function patternBytes(size: number, from: number = 0): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let index = 0; index < size; index++) bytes[index] = ((from + index) * 7) % 251
  return bytes
}
