export type { DiskFile, Faults } from './control.ts'
export type { FaultEvent, FaultKind } from './history.ts'
export type {
  ErrnoName,
  FaultOperation,
  FaultPlan,
  FaultRates,
  FaultRule,
} from './plan.ts'
export { spawnTestActor, type TestActor } from './spawn-test-actor.ts'
