import { bufferChanged, outOfRange, systemError } from '../errors/index.ts'
import type { FileHandleState } from '../file/handle.ts'
import { leasedBlock } from '../file/transfer.ts'
import {
  OPERATION_NAMES,
  OPERATION_READ,
  OPERATION_TRIM,
  OPERATION_WRITE,
  PAGE_SHIFT,
  REQUEST_DRAIN,
  REQUEST_LINK,
  TRIM_METHODS,
} from '../protocol/index.ts'
import { busy } from '../transport/busy.ts'
import type { CallBounds } from '../transport/call-bounds.ts'
import { type Operation, type Outcome, SETTLE_OUTCOME } from '../transport/operation.ts'
import { postTogether } from '../transport/post-together.ts'
import type { RequestSpec } from '../transport/request-spec.ts'
import { orderOf } from '../transport/steps.ts'
import type { Transport } from '../transport/transport.ts'
import type { Member } from './chain.ts'

/** Posts the members linked, all at once; resolves with their results in order. */
export async function runChain(
  transport: Transport,
  members: Member[],
  flags: number,
  bounds: CallBounds | null,
): Promise<unknown[]> {
  bounds?.enter()
  transport.assertAlive()
  const most = Math.min(transport.address.limits.chainLength, transport.operations.capacity)
  if (members.length === 0) return []
  if (members.length > most) {
    throw outOfRange('chain length', `<= ${most} operations`, members.length)
  }
  for (const { bytes, staged } of members) if (bytes && staged) orderOf(transport, bytes.length)
  const since = transport.trace.now()
  const outcomes = await new Promise<Outcome[]>((resolve, reject) => {
    const settled: Outcome[] = []
    let left = members.length
    const enter = transport.trace.inContext((): boolean => {
      if (transport.failure !== null) {
        reject(transport.failure)
        return true
      }
      // While the chain waited in line its callers may have taken their memory away.
      if (members.some(({ spec, bytes }) => bytes !== null && bytes.length !== spec.len)) {
        reject(bufferChanged())
        return true
      }
      const pages = claimAll(transport, members)
      if (pages === null) {
        if (!bounds?.noWait) return false
        reject(tooBusy(transport, members))
        return true
      }
      const operations = members.map((member, index) => {
        const operation = claimMember(transport, member, pages[index], since)
        operation.reject = reject
        operation.resolve = (outcome) => {
          // The actor completes all members together, so nobody has his memory back in between.
          settled[index] = outcome as Outcome
          if (--left === 0) {
            bounds?.ended()
            resolve(settled)
          }
        }
        bounds?.follow(operation, () => giveBuffer(operation, member))
        return operation
      })
      postTogether(transport, operations, linkedSpecs(members, operations, flags))
      return true
    })
    if (bounds === null) transport.operations.whenReady(enter)
    else bounds.waitInLine((start) => transport.operations.whenReady(start), enter, reject)
  })
  return chainResults(members, outcomes)
}

/** What a chain that must not wait has found full. */
function tooBusy(transport: Transport, members: readonly Member[]): Error {
  const { freeCount } = transport.operations
  const staged = members.map(({ bytes, staged }) => (bytes !== null && staged ? bytes.length : 0))
  const byteLength = Math.max(...staged)
  return busy(transport, freeCount < members.length ? 'channel' : 'arena', byteLength)
}

/** Memory for every member, and as many free operations; or nothing at all. */
function claimAll(transport: Transport, members: Member[]): number[] | null {
  const { arena, operations } = transport
  if (operations.freeCount < members.length) return null
  const pages: number[] = []
  for (const { bytes, staged, file } of members) {
    let page = -1
    if (bytes !== null && staged) {
      page = arena.allocate(arena.orderFor(bytes.length))
      if (page < 0) {
        for (const taken of pages) if (taken >= 0) arena.release(taken)
        return null
      }
    } else if (bytes !== null) {
      page = leasedBlock(file as FileHandleState, bytes)
      arena.retain(page)
    }
    pages.push(page)
  }
  return pages
}

/** An operation for a member, with its memory. */
function claimMember(transport: Transport, member: Member, page: number, since: number): Operation {
  const { bytes, staged, spec } = member
  const operation = transport.operations.claim()
  if (operation === null) throw new Error('a chain was begun without room for it')
  const { arena } = transport
  operation.page = page
  if (bytes !== null) {
    operation.addr = staged ? page << PAGE_SHIFT : bytes.byteOffset
    operation.length = bytes.length
    if (staged && spec.operation === OPERATION_WRITE) arena.bytes.set(bytes, operation.addr)
  }
  transport.trace.calledAt(operation, since)
  operation.settle = SETTLE_OUTCOME
  if (isStagedRead(member)) {
    operation.target = bytes
    operation.targetLength = (bytes as Uint8Array).length
  }
  return operation
}

/** Each request is linked to the next one; the first waits for what was posted before, if that is asked for. */
function linkedSpecs(
  members: readonly Member[],
  operations: readonly Operation[],
  flags: number,
): RequestSpec[] {
  return members.map(({ spec, bytes }, index) => {
    const link = index < members.length - 1 ? REQUEST_LINK : 0
    const drain = index === 0 ? flags & REQUEST_DRAIN : 0
    return {
      ...spec,
      flags: link | drain,
      addrLow: bytes === null ? spec.addrLow : operations[index].addr,
    }
  })
}

/** The caller may use his buffer again: what is still read goes into one that the result names. */
function giveBuffer(operation: Operation, member: Member): void {
  if (operation.target === null) return
  const own = new Uint8Array(operation.targetLength)
  operation.target = own
  member.buffer = own
}

function isStagedRead({ spec, staged }: Member): boolean {
  return staged && spec.operation === OPERATION_READ
}

function chainResults(members: Member[], outcomes: Outcome[]): unknown[] {
  const failedIndex = outcomes.findIndex(({ res }) => res < 0)
  const results = outcomes
    .slice(0, failedIndex < 0 ? outcomes.length : failedIndex)
    .map((outcome, index) => resultOf(members[index], outcome))
  if (failedIndex < 0) return results
  const { res, extra } = outcomes[failedIndex]
  const { spec, file } = members[failedIndex]
  const error = systemError(res, OPERATION_NAMES[spec.operation], file?.path)
  const bytes = spec.operation === OPERATION_WRITE ? { bytesWritten: extra } : {}
  throw Object.assign(error, bytes, { failedIndex, results })
}

function resultOf({ spec, buffer }: Member, { res, extra }: Outcome): unknown {
  if (spec.operation === OPERATION_READ) return { bytesRead: res, buffer }
  if (spec.operation === OPERATION_WRITE) return { bytesWritten: res, buffer }
  if (spec.operation === OPERATION_TRIM) return { method: TRIM_METHODS[extra] }
  return undefined
}
