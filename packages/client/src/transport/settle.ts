import { actorClosing, bufferChanged, systemError } from '../errors/index.ts'
import type { Arena } from '../memory/arena.ts'
import { COMPLETION_REFUSED, OPERATION_NAMES } from '../protocol/index.ts'
import { copyOut } from './copy.ts'
import {
  type Batch,
  type Operation,
  SETTLE_BATCH,
  SETTLE_OUTCOME,
  SETTLE_READ,
  SETTLE_VOID,
  SETTLE_WRITE,
} from './operation.ts'

/**
 * Gives an operation's completion to whoever waits for it. `free` returns the operation and its
 * memory, after what was read has been copied out and before the promise is settled.
 */
export function settle(
  arena: Arena,
  operation: Operation,
  res: number,
  extra: number,
  flags: number,
  free: (operation: Operation) => void,
): void {
  const { resolve, reject, buffer, batch, settle: how } = operation
  if (flags & COMPLETION_REFUSED) {
    batch?.failOne(operation, actorClosing())
    free(operation)
    reject(actorClosing())
  } else if (how === SETTLE_BATCH) {
    ;(batch as Batch).settleOne(operation, res, flags)
    free(operation)
  } else if (res < 0 && how !== SETTLE_OUTCOME) {
    const error = systemError(res, OPERATION_NAMES[operation.kind])
    if (how === SETTLE_WRITE) Object.assign(error, { bytesWritten: extra })
    free(operation)
    reject(error)
  } else {
    const copied = operation.target === null || res <= 0 || copyOut(arena, operation, res)
    free(operation)
    if (!copied) reject(bufferChanged())
    else if (how === SETTLE_READ) resolve({ bytesRead: res, buffer })
    else if (how === SETTLE_WRITE) resolve({ bytesWritten: res, buffer })
    else resolve(how === SETTLE_VOID ? undefined : { res, extra, flags })
  }
}
