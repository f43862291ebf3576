import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Snapshot } from '../inspect/snapshot.ts'
import type { Connection } from './connection.ts'
import { OK } from './failure.ts'
import { view } from './view.ts'

interface PrintOrders {
  readonly once: boolean
  readonly json: boolean
  readonly intervalMillis: number
}

/** Prints the figures of each interval until nobody reads them; rejects when the actor ends. */
export async function printFrames(connection: Connection, orders: PrintOrders): Promise<number> {
  const { stdout } = process
  let unread = false
  // As `| head` does it.
  stdout.on('error', () => {
    unread = true
    connection.close()
  })
  try {
    // The first answer is of all the time before.
    await connection.ask()
    do {
      await Promise.race([delay(orders.intervalMillis), connection.ended])
      const snapshot = await connection.ask()
      const text = orders.json ? `${JSON.stringify(snapshot)}\n` : frame(snapshot, orders.once)
      if (!stdout.write(text)) await Promise.race([once(stdout, 'drain'), connection.ended])
    } while (!orders.once)
  } catch (error) {
    if (!unread) throw error
  }
  return OK
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
