import type { OpenFile } from './file-table.ts'

/** What the dispatcher has done elsewhere than in the engine: opening, closing and metadata. */
export interface FileCalls {
  /** Calls that the event loop works on: while there are any, only it may sleep. */
  pending: number
  /** Begins the row's call; its result comes as an event. */
  begin(row: number): void
  /** Takes a file out of the engine and closes it. Nothing may be in flight on it. */
  closeFile(file: OpenFile, done: (res: number) => void): void
}

export interface FileCallEvents {
  /** A call has its result; the row completes. */
  settled(row: number, res: number, extra: number): void
  /** A piece of a read or write has its result; the row may go on. */
  transferred(row: number, res: number): void
  /** The loop must look again: this came from the event loop, not from the engine. */
  wake(): void
}
