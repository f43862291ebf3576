// One set-up at a time: a lock file that names its holder, so that a dead one is recognised.
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { cleanUpOnSignal, readIfThere, SetupError, toolsDir } from './project.mjs'

const lockFile = path.join(toolsDir, 'setup.lock')
const POLL_MILLIS = 50
const SAY_AFTER_MILLIS = 1_000
// Longer than all the limits on the steps of one set-up together.
const WAIT_MILLIS_MAX = 45 * 60_000

/**
 * Does the work while holding the lock; waits for whoever holds it, but not for ever.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(work) {
  const mine = `${process.pid} ${startOf(process.pid)}\n`
  await acquire(mine)
  const release = () => {
    if (readIfThere(lockFile) === mine) rmSync(lockFile, { force: true })
  }
  const forget = cleanUpOnSignal(release)
  try {
    return await work()
  } finally {
    forget()
    release()
  }
}

/** @param {string} mine */
async function acquire(mine) {
  const started = performance.now()
  let said = false
  mkdirSync(toolsDir, { recursive: true })
  while (!tryToTake(mine)) {
    const holder = readIfThere(lockFile)
    if (holder === '') continue
    if (!isAlive(holder)) {
      removeStale(holder)
      continue
    }
    const waited = performance.now() - started
    if (waited > WAIT_MILLIS_MAX) {
      throw new SetupError(
        `Another set-up of this folder (process ${holder.split(' ')[0]}) does not end. ` +
          `If it is not one, remove ${lockFile}`,
      )
    }
    if (!said && waited > SAY_AFTER_MILLIS) {
      process.stderr.write(`setup: waiting for another set-up (process ${holder.split(' ')[0]})\n`)
      said = true
    }
    await delay(POLL_MILLIS)
  }
}

/**
 * The file appears under its name with its whole content, or not at all: link(2) is atomic.
 * @param {string} mine
 */
function tryToTake(mine) {
  const draft = `${lockFile}.${process.pid}`
  writeFileSync(draft, mine)
  try {
    linkSync(draft, lockFile)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Removes the lock of a dead process, unless a live one has taken it in the meantime.
 * @param {string} holder the content that was found to be stale
 */
function removeStale(holder) {
  const aside = `${lockFile}.${process.pid}.stale`
  try {
    renameSync(lockFile, aside)
    if (readFileSync(aside, 'utf8') !== holder && !existsSync(lockFile)) linkSync(aside, lockFile)
  } catch {
    // Someone else was faster with the same.
  } finally {
    rmSync(aside, { force: true })
  }
}

/** @param {string} holder */
function isAlive(holder) {
  const [pid, start] = holder.trim().split(' ')
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') return false
  }
  return startOf(Number(pid)) === start
}

/**
 * When a process started, as /proc tells it: the same pid with another start is another process.
 * @param {number} pid
 */
function startOf(pid) {
  const stat = readIfThere(`/proc/${pid}/stat`)
  // The command's name, in parentheses, can hold anything; the start is the 20th word after it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 'unknown'
}
