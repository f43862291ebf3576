// The conformance suite from the main thread, the same cases, where the ring does everything: also what
// clients would read from the page cache, and what the actor would write there.
import { allByTheRing } from '../support/engine.ts'

allByTheRing()
await import('./main-thread.test.ts')
