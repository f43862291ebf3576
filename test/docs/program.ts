// Programs of the documents, run as a reader would run them.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ChildOptions, type ChildResult, runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { root } from './markdown.ts'

/** Runs a program in an empty folder of its own that finds the packages. */
export async function runProgram(
  source: string,
  options: ChildOptions = {},
): Promise<ChildResult & { folder: string }> {
  const folder = temporaryDirectory()
  const scope = path.join(folder, 'node_modules/@uring-actor')
  mkdirSync(scope, { recursive: true })
  for (const name of ['actor', 'client']) {
    symlinkSync(path.join(root, 'packages', name), path.join(scope, name))
  }
  const script = path.join(folder, 'example.mjs')
  writeFileSync(script, source)
  const under = ['env', `--chdir=${folder}`]
  return { ...(await runScript(pathToFileURL(script), { under, ...options })), folder }
}
