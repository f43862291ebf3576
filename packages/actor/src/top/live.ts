import type { Snapshot } from '../inspect/snapshot.ts'
import type { Connection } from './connection.ts'
import { Failure, OK } from './failure.ts'
import { Screen } from './screen.ts'
import { view } from './view.ts'

/** Draws the figures of each interval until the user quits; rejects when the actor ends. */
export async function watchLive(
  connection: Connection,
  { intervalMillis }: { readonly intervalMillis: number },
): Promise<number> {
  let latest: Snapshot | null = null
  let askedAt = 0
  let asking = false
  let quit: () => void = () => {}
  const quitted = new Promise<'quit'>((resolve) => {
    quit = () => resolve('quit')
  })
  const redraw = (): void => {
    if (latest === null) return
    const late = asking ? performance.now() - askedAt : 0
    const notice = late < intervalMillis ? 'q quits' : `no answer for ${Math.round(late / 1000)} s`
    const colours = process.stdout.hasColors()
    screen.draw(view(latest, { ...screen.size, colours, notice }))
  }
  const screen = new Screen(process.stdout, process.stdin, { quit, redraw })
  const ask = async (): Promise<void> => {
    asking = true
    askedAt = performance.now()
    latest = await connection.ask(true)
    asking = false
    redraw()
  }
  // The first one before the screen is taken: what cannot be watched is said where it was asked for.
  await ask()
  screen.open()
  const timer = setInterval(() => {
    if (asking) redraw()
    else ask().catch(throwOthers)
  }, intervalMillis)
  let outcome: 'quit' | Failure
  try {
    outcome = await Promise.race([quitted, connection.ended])
  } finally {
    clearInterval(timer)
    screen.close()
  }
  if (outcome !== 'quit') throw outcome
  return OK
}

/** That the actor has ended is heard of another way; anything else is a bug. */
function throwOthers(error: unknown): void {
  if (!(error instanceof Failure)) throw error
}
