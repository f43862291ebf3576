// The native addon: built by node-gyp when its sources, or what they are built with, changed.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import {
  filesBelow,
  fingerprint,
  nativeDir,
  readIfThere,
  runOrFail,
  SetupError,
  step,
  works,
} from './project.mjs'

const releaseDir = path.join(nativeDir, 'build/Release')
// Inside build/, which node-gyp empties first: a build that failed leaves no stamp.
const stampFile = path.join(nativeDir, 'build/.setup-stamp')

const tools = [
  { command: process.env.npm_config_python || process.env.PYTHON || 'python3', package: 'python3' },
  { command: process.env.MAKE || 'make', package: 'make' },
  { command: process.env.CXX?.split(' ')[0] || 'g++', package: 'g++' },
]

function wantedStamp() {
  const files = filesBelow([
    'packages/native/binding.gyp',
    'packages/native/cc',
    'packages/native/node_modules/node-addon-api/package.json',
  ])
  return fingerprint(files, [
    process.platform,
    process.arch,
    process.versions.modules,
    process.env.CC ?? '',
    process.env.CXX ?? '',
    process.env.CFLAGS ?? '',
    process.env.CXXFLAGS ?? '',
    process.env.LDFLAGS ?? '',
  ])
}

/** True when there is an addon, built from what the sources say now. */
function isBuilt() {
  const made = existsSync(releaseDir) && readdirSync(releaseDir).some((f) => f.endsWith('.node'))
  return made && readIfThere(stampFile) === wantedStamp()
}

/** The tools that building needs and this machine does not have; empty when nothing is to do. */
export function missingTools({ force = false } = {}) {
  if (!isBuildable() || (!force && isBuilt())) return []
  return tools.filter((tool) => !works(tool.command))
}

/** io_uring is Linux's; elsewhere the other engine does the work, and needs no addon. */
function isBuildable() {
  return process.platform === 'linux' && existsSync(path.join(nativeDir, 'binding.gyp'))
}

/** @param {ReturnType<typeof missingTools>} missing */
export function missingToolsMessage(missing) {
  const commands = missing.map((tool) => tool.command).join(', ')
  const packages = tools.map((tool) => tool.package).join(' ')
  return (
    `The native addon cannot be built: no working ${commands} here. ` +
    `On Debian: apt-get install -y ${packages}`
  )
}

/**
 * Builds the addon if needed.
 * @param {{ force?: boolean }} [options]
 */
export async function buildAddon({ force = false } = {}) {
  if (!isBuildable() || (!force && isBuilt())) return
  const wanted = wantedStamp()
  const nodeGyp = path.join(nativeDir, 'node_modules/node-gyp/bin/node-gyp.js')
  if (!existsSync(nodeGyp)) throw new SetupError(`${nodeGyp} is missing`)
  await step('building the native addon', () =>
    runOrFail(
      'node-gyp rebuild',
      process.execPath,
      [nodeGyp, 'rebuild', '--jobs=max', ...headersBesideNode()],
      { cwd: nativeDir },
    ),
  )
  writeFileSync(stampFile, wanted)
}

/** Node's own headers, when they were installed with it: then node-gyp downloads nothing. */
export function headersBesideNode() {
  const prefix = path.resolve(process.execPath, '../..')
  return existsSync(path.join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : []
}
