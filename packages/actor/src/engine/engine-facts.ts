import { readText } from '../files/read-text.ts'
import type { EngineFacts } from './choice.ts'

/** Its bit in a set of capabilities, as in <linux/capability.h>. */
const CAP_SYS_ADMIN = 21n

/** Reads what the system says about io_uring. What may not be read is null; it never throws. */
export function readEngineFacts(): EngineFacts {
  const disabled = readText('/proc/sys/kernel/io_uring_disabled').trim()
  const status = readText('/proc/self/status')
  const mode = /^Seccomp:\s*(\d+)/m.exec(status)?.[1]
  const capabilities = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1]
  return {
    platform: process.platform,
    ioUringDisabled: disabled === '' ? null : Number(disabled),
    seccomp: mode === undefined ? null : mode === '2',
    privileged:
      capabilities === undefined
        ? null
        : (BigInt(`0x${capabilities}`) & (1n << CAP_SYS_ADMIN)) !== 0n || inRingGroup(),
  }
}

/** True for members of the group that kernel.io_uring_group names; -1 there names none. */
function inRingGroup(): boolean {
  const group = Number(readText('/proc/sys/kernel/io_uring_group').trim() || -1)
  return process.getegid?.() === group || (process.getgroups?.() ?? []).includes(group)
}
