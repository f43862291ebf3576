import { invalidType, invalidValue, refuseUnknown } from '@uring-actor/client/internal'
import { OPERATION_DETACH, OPERATION_NAMES, OPERATION_NOP } from '@uring-actor/client/protocol'
import type { FaultOperation, FaultPlan, FaultRates, FaultRule, ResolvedPlan } from './plan.ts'
import { chanceOf, errnoOf, flagOf, listOf, objectOf, oneOf, wholeOf } from './values.ts'

const WRAPS = ['memory', 'auto', 'io_uring', 'threadpool'] as const
const TIMES = ['auto', 'manual'] as const
const RATES = ['short', 'interrupt', 'error', 'sync', 'busy'] as const
/** All that a client can call: how it takes its leave is no operation of the user's. */
const OPERATIONS = OPERATION_NAMES.slice(OPERATION_NOP, OPERATION_DETACH) as FaultOperation[]
const PLAN_FIELDS: readonly (keyof FaultPlan)[] = [
  'seed',
  'wrap',
  'rates',
  'errors',
  'delayMicros',
  'time',
  'rules',
  'diskBytes',
  'sectorBytes',
  'queueEntries',
  'trace',
]
const RULE_FIELDS: readonly (keyof FaultRule)[] = [
  'operation',
  'path',
  'at',
  'skip',
  'times',
  'errno',
  'tries',
  'bytes',
  'delayMicros',
  'powerCut',
]

/** Checks a plan and fills in what it leaves out; throws Node's argument errors. */
export function resolvePlan(plan: FaultPlan): ResolvedPlan {
  refuseUnknown(objectOf(plan, 'plan'), 'plan', 'a plan of faults', PLAN_FIELDS)
  const { seed = 0, wrap: asked = 'memory', rates = {}, errors, delayMicros = [0, 20] } = plan
  const { time = 'auto', rules = [], trace = false } = plan
  const { diskBytes = 2 ** 28, sectorBytes = 512, queueEntries = 256 } = plan
  const wrap = oneOf(asked, 'plan.wrap', WRAPS)
  const [delayLeast, delayMost] = delaysOf(delayMicros)
  for (const [index, rule] of listOf(rules, 'plan.rules').entries()) {
    checkRule(rule as FaultRule, `plan.rules[${index}]`, wrap === 'memory')
  }
  return {
    seed: wholeOf(seed, 'plan.seed', 0),
    wrap,
    rates: ratesOf(rates),
    errors: errors === undefined ? null : errorsOf(errors),
    delayLeast,
    delayMost,
    manual: oneOf(time, 'plan.time', TIMES) === 'manual',
    rules,
    diskBytes: wholeOf(diskBytes, 'plan.diskBytes', 1, 2 ** 31),
    sectorBytes: wholeOf(sectorBytes, 'plan.sectorBytes', 1, 2 ** 20),
    queueEntries: wholeOf(queueEntries, 'plan.queueEntries', 1, 256),
    trace: flagOf(trace, 'plan.trace'),
  }
}

function ratesOf(rates: FaultRates): Required<FaultRates> {
  refuseUnknown(objectOf(rates, 'plan.rates'), 'plan.rates', "a plan's rates", RATES)
  const resolved = { short: 0, interrupt: 0, error: 0, sync: 0, busy: 0 }
  for (const name of RATES)
    resolved[name] = chanceOf(rates[name] === undefined ? 0 : rates[name], `plan.rates.${name}`)
  return resolved
}

function errorsOf(errors: readonly unknown[]): readonly number[] {
  const numbers = listOf(errors, 'plan.errors').map((name) => errnoOf(name, 'plan.errors'))
  if (numbers.length === 0) throw invalidValue('plan.errors', 'must name an errno at least', errors)
  return numbers
}

function delaysOf(delays: unknown): [least: number, most: number] {
  const given = listOf(delays, 'plan.delayMicros')
  if (given.length !== 2) {
    throw invalidValue('plan.delayMicros', 'must be two numbers, from and to', delays)
  }
  const least = wholeOf(given[0], 'plan.delayMicros[0]', 0)
  return [least, wholeOf(given[1], 'plan.delayMicros[1]', least)]
}

/**
 * Throws Node's argument errors for a rule that says nothing, or something impossible. `hasPower`:
 * there is a simulated disk, whose power can be cut.
 */
export function checkRule(rule: FaultRule, name: string, hasPower: boolean): void {
  refuseUnknown(objectOf(rule, name), name, 'a rule', RULE_FIELDS)
  const { operation, path, errno, bytes, delayMicros, powerCut, at, skip, times, tries } = rule
  if (operation !== undefined) oneOf(operation, `${name}.operation`, OPERATIONS)
  if (path !== undefined && typeof path !== 'string') {
    throw invalidType(`${name}.path`, 'of type string', path)
  }
  if (errno !== undefined) errnoOf(errno, `${name}.errno`)
  if (at !== undefined) wholeOf(at, `${name}.at`, 0)
  if (skip !== undefined) wholeOf(skip, `${name}.skip`, 0)
  if (times !== undefined && times !== Infinity) wholeOf(times, `${name}.times`, 1)
  if (tries !== undefined) wholeOf(tries, `${name}.tries`, 1, 64)
  if (bytes !== undefined) wholeOf(bytes, `${name}.bytes`, 0)
  if (delayMicros !== undefined) wholeOf(delayMicros, `${name}.delayMicros`, 0)
  if (powerCut !== undefined) flagOf(powerCut, `${name}.powerCut`)
  if (tries !== undefined && errno === undefined) {
    throw invalidValue(`${name}.tries`, 'needs an errno', tries)
  }
  if (powerCut && !hasPower) {
    throw invalidValue(`${name}.powerCut`, "needs a plan with wrap: 'memory'", powerCut)
  }
  if (errno === undefined && bytes === undefined && delayMicros === undefined && !powerCut) {
    throw invalidValue(name, 'must have an errno, bytes, delayMicros or powerCut', rule)
  }
}
