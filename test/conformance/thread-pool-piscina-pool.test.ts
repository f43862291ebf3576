// The conformance suite from the tasks of a piscina pool, the same cases, on the engine of node's thread pool.
import { useThreadPool } from '../support/engine.ts'

useThreadPool()
await import('./piscina-pool.test.ts')
