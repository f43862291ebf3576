// Sets up what is needed, then runs a compiled program of the workspace in this very process, so
// that signals, terminal and exit code are the program's own.
//
//   node scripts/run.mjs [--allow-missing-addon] FILE [ARGUMENT...]
import './lib/node-version.mjs'
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { root, runMain, SetupError } from './lib/project.mjs'
import { setup } from './setup.mjs'

let program = ''

await runMain(async () => {
  const args = process.argv.slice(2)
  const allowMissingAddon = args[0] === '--allow-missing-addon'
  if (allowMissingAddon) args.shift()
  const file = args.shift()
  if (file === undefined)
    throw new SetupError('run: name a compiled file, as in start/dist/main.js')
  await setup({ allowMissingAddon })
  const absolute = path.resolve(root, file)
  if (!existsSync(absolute)) throw new SetupError(`run: there is no ${file}`)
  process.argv.splice(1, process.argv.length, absolute, ...args)
  program = pathToFileURL(absolute).href
})

// Outside of runMain: what the program throws is the program's own business.
if (program !== '') await import(program)
