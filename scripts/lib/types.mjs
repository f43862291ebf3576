// TypeScript of the whole workspace. tsc decides itself what is stale, in a fraction of a second.
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { bundle } from './bundle.mjs'
import { filesBelow, root, runOrFail } from './project.mjs'

/** Compiles what changed. */
export async function compile() {
  const started = performance.now()
  const before = newestBuild()
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  await runOrFail('tsc -b', process.execPath, [tsc, '--build', '--pretty', 'false'])
  await bundle()
  if (newestBuild() === before) return
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stderr.write(`setup: compiled the TypeScript sources … ${seconds} s\n`)
}

/** When tsc last wrote something: the newest time of the build records of all projects. */
function newestBuild() {
  const projects = filesBelow(['packages', 'start', 'examples', 'bench', 'test']).filter(
    (file) => path.basename(file) === 'tsconfig.json',
  )
  let newest = 0
  for (const project of projects) {
    const record = path.join(root, path.dirname(project), 'dist/.tsbuildinfo')
    if (existsSync(record)) newest = Math.max(newest, statSync(record).mtimeMs)
  }
  return newest
}
