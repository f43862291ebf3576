// What a test has made outside of its process goes when the process ends, however it ends.
import { missingSystemTests } from './tools.ts'

const removals: Array<() => void> = []

/** Undoes something at the end of the process; what was made last is undone first. */
export function atEnd(remove: () => void): void {
  removals.push(remove)
}

function removeAll(): void {
  for (const remove of removals.splice(0).reverse()) {
    try {
      remove()
    } catch (error) {
      process.stderr.write(`something was not removed: ${error}\n`)
    }
  }
}

// Before the directories of temporary.ts are, whose files some of these stand on.
process.prependListener('exit', removeAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(1))
}

/** Calls a maker of something that changes the system; a reason to skip instead where it cannot. */
export function madeOrReason<T>(make: () => T): T | string {
  const needed = missingSystemTests()
  if (needed !== false) return needed
  try {
    return make()
  } catch (error) {
    const { message, stderr } = error as Error & { stderr?: Buffer | string }
    const why = stderr?.toString().trim() || message
    return `it cannot be made here: ${why.split('\n')[0]}`
  }
}
