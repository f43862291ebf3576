// The client, and the actor's thread, as few files. node's loader takes about a millisecond for each
// module, and opens many at once: the client has some seventy, and the thread as many. In one file
// they are there in a third of the time, also where few descriptors are left.
import { existsSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { root } from './project.mjs'

const client = path.join(root, 'packages/client/dist')
const actor = path.join(root, 'packages/actor/dist')
const thread = path.join(actor, 'actor-thread.js')
const bundles = path.join(client, 'bundle')
const sources = [
  import.meta.filename,
  ...['native', 'client', 'actor'].map((name) =>
    path.join(root, `packages/${name}/dist/.tsbuildinfo`),
  ),
]

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'error',
}

/** Bundles what tsc has written, if it has since the last time. */
export async function bundle() {
  if (existsSync(thread)) {
    const bundled = statSync(thread).mtimeMs
    if (sources.every((source) => statSync(source).mtimeMs <= bundled)) return
  }
  // Not at the top: in a fresh clone it is installed by then, and not before.
  const { build } = await import('esbuild')
  rmSync(bundles, { recursive: true, force: true })
  // What its entries share is in a file of its own: a class must be there once, whoever imports it.
  await build({
    ...common,
    entryPoints: ['index', 'protocol/index', 'internal'].map((name) =>
      path.join(client, `${name}.js`),
    ),
    outbase: client,
    outdir: bundles,
    splitting: true,
    packages: 'external',
  })
  await build({
    ...common,
    entryPoints: [path.join(actor, 'thread.js')],
    outfile: thread,
    // The addon is looked for from where its package lies. What only an inspected actor loads stays
    // outside: inside, esbuild would make functions of all modules that it uses too.
    external: [
      '@uring-actor/native',
      ...['inspection', 'answers'].map((name) => path.join(actor, `inspect/${name}.js`)),
    ],
  })
}
