/**
 * What the actor's thread begins with: it loads thread.ts and all that that imports. node's loader
 * opens many files at once. Where not so many descriptors are left, require() loads one module after
 * the other; a node whose require() takes no modules (before 22.12) must do with the loader.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** More than there are modules. */
const PLENTY = 128

function fewDescriptors(): boolean {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const limit = Number(/^Max open files +(\d+)/m.exec(limits)?.[1])
    return limit - readdirSync('/proc/self/fd').length < PLENTY
  } catch (error) {
    // Without /proc, or the right to read it, nobody knows.
    return (error as NodeJS.ErrnoException).code === 'EMFILE'
  }
}

if (fewDescriptors()) {
  try {
    createRequire(import.meta.url)('./thread.js')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ESM') throw error
    await import('./thread.ts')
  }
} else {
  await import('./thread.ts')
}
