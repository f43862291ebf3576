// The conformance suite from the main thread, the same cases, on the engine of node's thread pool.
import { useThreadPool } from '../support/engine.ts'

useThreadPool()
await import('./main-thread.test.ts')
