/** The shared-memory protocol, in one place. See docs/memory-layout.md for the drawing. */
export * from './address.ts'
export * from './arena-layout.ts'
export * from './channel.ts'
export * from './clock.ts'
export * from './header.ts'
export * from './operations.ts'
export * from './records.ts'
export * from './spin-budget.ts'
