// The program of spans.test.ts: reads from the main thread and from a worker, or reports why it may not.
import { spawnActor } from '@uring-actor/actor'
import { runTask } from '../support/thread.ts'
import { readThrice } from './traced-task.ts'

const [what, path] = process.argv.slice(2) as [string, string]

if (what === 'refused') {
  try {
    await spawnActor()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    process.stdout.write(`${JSON.stringify({ code, message })}\n`)
  }
} else {
  const actor = await spawnActor()
  await readThrice({ path })
  await runTask(new URL('./traced-task.js', import.meta.url), 'readThrice', { path })
  await actor.close()
}
