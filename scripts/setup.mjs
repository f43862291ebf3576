// Brings this folder from a fresh clone to a built workspace, and is quick when it is one already.
//
//   node scripts/setup.mjs [--force] [--allow-missing-addon] [install] [addon] [types]
//
// With no step named, all of them. Each step does only what is stale: the pinned pnpm and the
// dependencies (by a hash of lockfile and manifests), the native addon (by a hash of its
// sources), the TypeScript sources (by tsc -b).
import './lib/node-version.mjs'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { buildAddon, missingTools, missingToolsMessage } from './lib/addon.mjs'
import { install } from './lib/install.mjs'
import { withLock } from './lib/lock.mjs'
import { runMain, SetupError } from './lib/project.mjs'
import { compile } from './lib/types.mjs'

/** @typedef {'install' | 'addon' | 'types'} Step */

/** @type {Step[]} */
const allSteps = ['install', 'addon', 'types']

/**
 * @typedef {object} SetupOptions
 * @property {Step[]} [steps] all of them unless told
 * @property {boolean} [force] build the addon even if it is up to date
 * @property {boolean} [allowMissingAddon] go on without an addon where no compiler is installed
 */

/**
 * Sets up what is needed. Rejects with a SetupError that says what is wrong.
 * @param {SetupOptions} [options]
 */
export async function setup({ steps = allSteps, force = false, allowMissingAddon = false } = {}) {
  await withLock(async () => {
    // Looked for first: nobody should wait for downloads only to be told of a missing compiler.
    const missing = steps.includes('addon') ? missingTools({ force }) : []
    if (missing.length > 0) {
      if (!allowMissingAddon) throw new SetupError(missingToolsMessage(missing))
      process.stderr.write(
        `setup: going on without the native addon. ${missingToolsMessage(missing)}\n`,
      )
    }
    if (steps.includes('install')) await install()
    if (steps.includes('addon') && missing.length === 0) await buildAddon({ force })
    if (steps.includes('types')) await compile()
  })
}

/** @param {string[]} args */
async function main(args) {
  const options = new Set(['--force', '--allow-missing-addon'])
  const unknown = args.find((arg) => !options.has(arg) && !allSteps.some((step) => step === arg))
  if (unknown !== undefined) throw new SetupError(`setup: unknown argument ${unknown}`)
  const steps = allSteps.filter((step) => args.includes(step))
  await setup({
    steps: steps.length > 0 ? steps : allSteps,
    force: args.includes('--force'),
    allowMissingAddon: args.includes('--allow-missing-addon'),
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(() => main(process.argv.slice(2)))
}
