// The kernel's numbers that the actor uses are those of <linux/io_uring.h>, as the addon was compiled.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadBinding } from '@uring-actor/native'
import * as abi from '#dist/engine/kernel-abi.js'

const { layout } = loadBinding()
const ours: Readonly<Record<string, number>> = abi

/** Our index of a 32-bit word, and the kernel's field at that place. */
const WORDS: ReadonlyArray<readonly [string, string]> = [
  ['PARAMS_SQ_ENTRIES', 'io_uring_params.sq_entries'],
  ['PARAMS_CQ_ENTRIES', 'io_uring_params.cq_entries'],
  ['PARAMS_FLAGS', 'io_uring_params.flags'],
  ['PARAMS_FEATURES', 'io_uring_params.features'],
  ['PARAMS_SQ_HEAD', 'io_uring_params.sq_off.head'],
  ['PARAMS_SQ_TAIL', 'io_uring_params.sq_off.tail'],
  ['PARAMS_SQ_FLAGS', 'io_uring_params.sq_off.flags'],
  ['PARAMS_SQ_ARRAY', 'io_uring_params.sq_off.array'],
  ['PARAMS_CQ_HEAD', 'io_uring_params.cq_off.head'],
  ['PARAMS_CQ_TAIL', 'io_uring_params.cq_off.tail'],
  ['PARAMS_CQ_OVERFLOW', 'io_uring_params.cq_off.overflow'],
  ['PARAMS_CQ_CQES', 'io_uring_params.cq_off.cqes'],
  ['PARAMS_CQ_FLAGS', 'io_uring_params.cq_off.flags'],
  ['SQE_OPCODE', 'io_uring_sqe.opcode'],
  ['SQE_FD', 'io_uring_sqe.fd'],
  ['SQE_OFF', 'io_uring_sqe.off'],
  ['SQE_ADDR', 'io_uring_sqe.addr'],
  ['SQE_LEN', 'io_uring_sqe.len'],
  ['SQE_RW_FLAGS', 'io_uring_sqe.rw_flags'],
  ['SQE_USER_DATA', 'io_uring_sqe.user_data'],
  ['SQE_BUF_INDEX', 'io_uring_sqe.buf_index'],
  ['SQE_ADDR3', 'io_uring_sqe.addr3'],
  ['CQE_USER_DATA', 'io_uring_cqe.user_data'],
  ['CQE_RES', 'io_uring_cqe.res'],
]
const SIZES: ReadonlyArray<readonly [string, string]> = [
  ['PARAMS_WORDS', 'io_uring_params'],
  ['SQE_WORDS', 'io_uring_sqe'],
  ['CQE_WORDS', 'io_uring_cqe'],
]

describe('our numbers of the kernel', () => {
  test('have a place in the table of this test, all of them', () => {
    const placed = new Set([...WORDS, ...SIZES].map(([name]) => name))
    for (const name of Object.keys(ours)) {
      assert.ok(placed.has(name) || name in layout, `${name} is compared with nothing`)
    }
  })

  test('that have the name of a constant are that constant', () => {
    let compared = 0
    for (const [name, value] of Object.entries(ours)) {
      if (!(name in layout)) continue
      assert.equal(value >>> 0, layout[name]! >>> 0, name)
      compared++
    }
    assert.ok(compared > 40, `${compared} constants`)
  })

  test('that are places of words are where the kernel has them', () => {
    for (const [name, field] of WORDS) {
      assert.equal((ours[name] as number) * 4, layout[field], `${name} is ${field}`)
    }
  })

  test('that are sizes in words are as large as the kernel has them', () => {
    for (const [name, type] of SIZES) {
      assert.equal((ours[name] as number) * 4, layout[type], `${name} is of ${type}`)
    }
  })
})
