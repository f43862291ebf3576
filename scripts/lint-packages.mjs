// Whether the packages, as they would be published, work for those who install them.
import './lib/node-version.mjs'
import path from 'node:path'
import process from 'node:process'
import { root, run, runMain, toolsDir, workspaceDirs } from './lib/project.mjs'
import { setup } from './setup.mjs'

const packages = workspaceDirs.filter((dir) => dir.startsWith('packages/'))

/**
 * @param {string} name
 * @param {string[]} command
 * @param {string} [dir]
 */
async function lint(name, [command, ...args], dir = '.') {
  const bins = [path.join(toolsDir, 'node_modules/.bin'), path.join(root, 'node_modules/.bin')]
  const PATH = [...bins, process.env.PATH].join(path.delimiter)
  const result = await run(command, args, { cwd: path.join(root, dir), env: { PATH } })
  process.stdout.write(
    `lint: ${dir === '.' ? '' : `${dir} `}${name} ${result.code === 0 ? 'ok' : 'FAILED'}\n`,
  )
  if (result.code !== 0) process.stdout.write(`${result.output.trimEnd()}\n`)
  return result.code === 0
}

await runMain(async () => {
  await setup({ steps: ['install', 'types'] })
  const results = []
  for (const dir of packages) {
    results.push(await lint('publint', ['publint', '--strict'], dir))
    results.push(await lint('attw', ['attw', '--pack', '--profile', 'esm-only', '--no-emoji'], dir))
  }
  results.push(await lint('knip', ['knip', '--no-progress']))
  return results.every(Boolean) ? 0 : 1
})
