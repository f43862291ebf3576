// Directories that are gone when the test file's process ends. Those of the processes that it starts are
// too, however they end: they are all in one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Names the one directory, to this process and those that it starts. */
const VARIABLE = 'URING_ACTOR_TEMPORARY'
const PREFIX = 'uring-actor-'

function sharedDirectory(): string {
  const known = process.env[VARIABLE]
  if (known !== undefined) return known
  const directory = mkdtempSync(path.join(os.tmpdir(), PREFIX))
  process.env[VARIABLE] = directory
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function temporaryDirectory(): string {
  return mkdtempSync(path.join(sharedDirectory(), PREFIX))
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
