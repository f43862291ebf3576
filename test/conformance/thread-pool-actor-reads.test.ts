// The same on the engine of node's thread pool.
import { useThreadPool } from '../support/engine.ts'

useThreadPool()
await import('./actor-reads.test.ts')
