// The actor's thread as one file. node's loader takes about a millisecond for each module, and the
// thread has some seventy: in one file they are there in a third of the time.
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { root } from './project.mjs'

const entry = path.join(root, 'packages/actor/dist/thread.js')
const outfile = path.join(root, 'packages/actor/dist/actor-thread.js')
const inspection = ['inspection', 'answers'].map((name) =>
  path.join(root, `packages/actor/dist/inspect/${name}.js`),
)
const sources = [
  import.meta.filename,
  ...['native', 'client', 'actor'].map((name) =>
    path.join(root, `packages/${name}/dist/.tsbuildinfo`),
  ),
]

/** Bundles what tsc has written, if it has since the last time. */
export async function bundleActorThread() {
  if (existsSync(outfile)) {
    const bundled = statSync(outfile).mtimeMs
    if (sources.every((source) => statSync(source).mtimeMs <= bundled)) return
  }
  // Not at the top: in a fresh clone it is installed by then, and not before.
  const { build } = await import('esbuild')
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // The addon is looked for from where its package lies. What only an inspected actor loads stays
    // outside: inside, esbuild would make functions of all modules that it uses too.
    external: ['@uring-actor/native', ...inspection],
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'error',
  })
}
