// The conformance suite from a worker thread, the same cases, on the engine of node's thread pool.
import { useThreadPool } from '../support/engine.ts'

useThreadPool()
await import('./worker-thread.test.ts')
