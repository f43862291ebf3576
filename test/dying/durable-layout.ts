// Which record is where: so many writers, each of which appends to one of the files.
export const WRITERS = 16
export const FILES = 4

/** The number of a writer's record, and so its place; no two writers have the same. */
export function recordNumber(writer: number, round: number): number {
  return writer + WRITERS * round
}
