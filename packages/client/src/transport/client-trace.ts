import { type MessagePort, threadId } from 'node:worker_threads'
import { systemError } from '../errors/index.ts'
import type { Arena } from '../memory/arena.ts'
import { type ActorAddress, RECORDS_KIND, SLOW_KIND, wordsOf } from '../protocol/index.ts'
import { OperationTrace } from '../trace/operation-trace.ts'

/** The trace of one client: what it tells the actor goes through its control port. */
export function traceOf(
  address: ActorAddress,
  port: MessagePort,
  arena: Arena,
  paths: ReadonlyMap<number, string>,
): OperationTrace {
  const places = {
    threadId,
    pathOf: (slot: number) => paths.get(slot),
    // Bytes in shared memory are no text to anybody: a copy is.
    openedPath: (addr: number, length: number) =>
      Buffer.from(arena.bytes.slice(addr, addr + length)).toString(),
    errorOf: systemError,
  }
  return new OperationTrace(
    wordsOf(address.header),
    address.limits.channelDepth,
    places,
    (slow) => port.postMessage({ kind: SLOW_KIND, slow }),
    (records, files) =>
      port.postMessage({ kind: RECORDS_KIND, records, files }, [records.buffer as ArrayBuffer]),
  )
}
