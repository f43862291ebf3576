import { setTimeout as delay } from 'node:timers/promises'
import { written } from '../command/print.ts'
import type { Snapshot } from '../inspect/snapshot.ts'
import type { Connection } from './connection.ts'
import { Failure, OK, UNWRITABLE } from './failure.ts'
import { view } from './view.ts'

interface PrintOrders {
  readonly once: boolean
  readonly json: boolean
  readonly intervalMillis: number
}

/** Prints the figures of each interval until nobody reads them; rejects when the actor ends. */
export async function printFrames(connection: Connection, orders: PrintOrders): Promise<number> {
  let broken: NodeJS.ErrnoException | null = null
  const breaks = (error: NodeJS.ErrnoException): void => {
    broken ??= error
    connection.close()
  }
  process.stdout.on('error', breaks)
  try {
    // The first answer is of all the time before.
    await connection.ask()
    do {
      await Promise.race([delay(orders.intervalMillis), connection.ended])
      const snapshot = await connection.ask()
      const text = orders.json ? `${JSON.stringify(snapshot)}\n` : frame(snapshot, orders.once)
      const error = await Promise.race([written(text), connection.ended.then(() => null)])
      if (error !== null) breaks(error)
    } while (!orders.once)
  } catch (error) {
    if (broken === null) throw error
  }
  return endOf(broken)
}

/** Nobody reads any more, as `| head` does it, is no failure. */
function endOf(broken: NodeJS.ErrnoException | null): number {
  if (broken === null || broken.code === 'EPIPE') return OK
  throw new Failure(`the figures cannot be written: ${broken.message}`, UNWRITABLE)
}

function frame(snapshot: Snapshot, once: boolean): string {
  const { columns = 80, isTTY } = process.stdout
  const lines = view(snapshot, {
    width: columns || 80,
    height: Number.POSITIVE_INFINITY,
    colours: isTTY === true && process.stdout.hasColors(),
    notice: '',
  })
  return `${lines.join('\n')}\n${once ? '' : '\n'}`
}
