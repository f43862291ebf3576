// A program of sysctl.alone.test.ts: is killed while it has the sysctl set.
import { writeSync } from 'node:fs'
import { readSysctl, whileDisabled } from './sysctl.ts'

await whileDisabled(1, async () => {
  writeSync(1, readSysctl())
  process.kill(process.pid, 'SIGKILL')
  // The signal comes before the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
})
