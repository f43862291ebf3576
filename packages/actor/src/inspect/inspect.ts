import type { Departed } from '../channels/departed.ts'
import type { StatisticsParts } from '../control/statistics.ts'
import type { InspectionAnswer } from '../spawn/messages.ts'
import type { InspectPlace } from './place.ts'

/**
 * Opens the socket for `uring-actor top` if a place is given, until the thread exits. What it takes is
 * loaded only then. An actor that cannot be watched does its work all the same: the failure is told.
 */
export async function inspect(
  place: InspectPlace | null,
  parts: StatisticsParts,
  departed: Departed,
): Promise<InspectionAnswer> {
  if (place === null) return { path: null, failure: null }
  try {
    const { openInspection } = await import('./inspection.ts')
    const { Answers } = await import('./answers.ts')
    const inspection = await openInspection(place, () => {
      const answers = new Answers(parts, departed)
      return () => JSON.stringify(answers.next())
    })
    // Before what an exit may wait for: who watches hears of the end at once.
    process.prependOnceListener('exit', () => inspection.close())
    return { path: place.path, failure: null }
  } catch (error) {
    return { path: null, failure: (error as Error).message }
  }
}
