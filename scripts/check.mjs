// Formatting, lint and types of everything, without running it.
//
//   node scripts/check.mjs [--fix]
//
// --fix formats and applies the safe fixes first.
import './lib/node-version.mjs'
import path from 'node:path'
import process from 'node:process'
import { bundle } from './lib/bundle.mjs'
import { filesBelow, root, run, runMain, works } from './lib/project.mjs'
import { setup } from './setup.mjs'

/** @param {string} name in node_modules/.bin of the root */
const bin = (name) => path.join(root, 'node_modules/.bin', name)

/**
 * Runs one check and shows what it prints only when it fails.
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 */
async function check(name, command, args) {
  const result = await run(command, args)
  process.stdout.write(`check: ${name} ${result.code === 0 ? 'ok' : 'FAILED'}\n`)
  if (result.code !== 0) process.stdout.write(`${result.output.trimEnd()}\n`)
  return result.code === 0
}

/** @param {boolean} fix */
async function checkClangFormat(fix) {
  const files = filesBelow(['packages/native/cc', 'bench/native']).filter((file) =>
    /\.(c|cc|cpp|h|hh)$/.test(file),
  )
  if (files.length === 0) return true
  if (works('clang-format')) {
    if (fix) await run('clang-format', ['-i', ...files])
    return check('clang-format', 'clang-format', ['--dry-run', '-Werror', ...files])
  }
  const missing = 'clang-format is not installed (apt-get install -y clang-format)'
  process.stdout.write(
    process.env.CI ? `check: clang-format FAILED: ${missing}\n` : `check: SKIPPED: ${missing}\n`,
  )
  return !process.env.CI
}

/** @param {string[]} args */
async function main(args) {
  await setup({ steps: ['install'] })
  const fix = args.includes('--fix')
  const colors = `--colors=${process.stdout.isTTY ? 'force' : 'off'}`
  const biome = fix ? ['check', '--write'] : ['ci']
  const results = [
    await check('biome', bin('biome'), [...biome, '--error-on-warnings', colors, '.']),
    await checkClangFormat(fix),
    await check('types', bin('tsc'), ['--build']),
    await check('types of scripts', bin('tsc'), ['--project', 'scripts']),
  ]
  // What the check of the types has written is what runs next.
  if (results[2]) await bundle()
  return results.every(Boolean) ? 0 : 1
}

await runMain(() => main(process.argv.slice(2)))
