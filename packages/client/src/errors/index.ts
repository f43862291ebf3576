export * from './argument-error.ts'
export * from './given-up-error.ts'
export * from './system-error.ts'
export * from './uring-error.ts'
