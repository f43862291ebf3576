import type { Board } from './shared.ts'

/** Runs `count` lanes; when one fails all stop, and its error comes when the last is done. */
export async function allOf(board: Board, count: number, lane: () => Promise<void>): Promise<void> {
  const lanes = Array.from({ length: count }, async () => {
    try {
      await lane()
    } catch (error) {
      board.stop()
      throw error
    }
  })
  const settled = await Promise.allSettled(lanes)
  const failed = settled.find((lane) => lane.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
