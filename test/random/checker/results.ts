// Whether an operation may have settled as it did: its error, and how many bytes.
import type { Findings } from './findings.ts'
import { nameOf, type Operation } from './history.ts'

const READ = 1
const WRITE = 2
const STAT = 9

const FORM_NO_WAIT = 256
/** There was no room at once, and the call was not to wait. */
const BUSY = 1010

const EBADF = 9
const EEXIST = 17
const EINVAL = 22
const ENOENT = 2

/** Calls that must fail, by kind. */
const MUST_FAIL: Readonly<Record<number, number>> = {
  14: ENOENT,
  15: EEXIST,
  16: EBADF,
  17: EBADF,
  18: EBADF,
  19: EINVAL,
}

/** Holds the settlement against what is allowed; the data is for others. */
export function checkResult(operation: Operation, findings: Findings): void {
  const { kind, form, code, count, length, settled, stopped } = operation
  if (settled < 0 || stopped) return
  if (code === BUSY && form & FORM_NO_WAIT) return
  const expected = MUST_FAIL[kind] ?? 0
  if (code !== expected) {
    findings.add('error', `${nameOf(operation)}, kind ${kind}, settled with ${code}: ${expected}`)
  } else if (kind === WRITE && count !== length) {
    findings.add('count', `${nameOf(operation)} wrote ${count} of ${length} bytes`)
  }
}

/** The number that a read or a stat must have given, of a file of that size. */
export function checkCount(operation: Operation, size: number, findings: Findings): void {
  const { kind, code, count, position, length, settled, stopped } = operation
  if (settled < 0 || stopped || code !== 0 || (kind !== READ && kind !== STAT)) return
  const expected = kind === STAT ? size : Math.max(0, Math.min(length, size - position))
  if (count !== expected) {
    const what = kind === STAT ? 'told a size of' : 'read'
    findings.add('count', `${nameOf(operation)} ${what} ${count} bytes, not ${expected}`)
  }
}
