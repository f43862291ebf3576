// The pinned pnpm, and with it the dependencies that the lockfile names.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import {
  fingerprint,
  readIfThere,
  root,
  runOrFail,
  SetupError,
  step,
  toolsDir,
  works,
  workspaceDirs,
} from './project.mjs'

const pnpmDir = path.join(toolsDir, 'node_modules/pnpm')
const stampFile = path.join(root, 'node_modules/.setup-stamp')

/** The version in package.json's `packageManager`, without the hash that may follow it. */
function pinnedPnpm() {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  return String(manifest.packageManager)
    .replace(/^pnpm@/, '')
    .replace(/\+.*$/, '')
}

function installedPnpm() {
  const manifest = readIfThere(path.join(pnpmDir, 'package.json'))
  return manifest === '' ? '' : String(JSON.parse(manifest).version)
}

function wantedStamp() {
  const manifests = workspaceDirs.map((dir) => path.join(dir, 'package.json'))
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests]
  return fingerprint(files, [pinnedPnpm(), process.platform, process.arch])
}

/** Installs what is missing; does nothing when all is in place. */
export async function install() {
  const wanted = wantedStamp()
  if (readIfThere(stampFile) === wanted) return
  await installPnpm()
  await step('installing the dependencies', async () => {
    rmSync(stampFile, { force: true })
    // --prod=false: with NODE_ENV=production pnpm would leave out what building needs.
    await runOrFail('pnpm install', process.execPath, [
      path.join(pnpmDir, 'bin/pnpm.cjs'),
      'install',
      '--frozen-lockfile',
      '--prod=false',
      '--reporter=append-only',
    ])
  })
  writeFileSync(stampFile, wanted)
}

async function installPnpm() {
  const version = pinnedPnpm()
  if (installedPnpm() === version) return
  if (!works('npm')) {
    throw new SetupError(
      'npm is missing: set-up needs it to install pnpm. On Debian: apt-get install -y npm',
    )
  }
  await step(`installing pnpm ${version} in .tools`, async () => {
    await runOrFail('npm install', 'npm', [
      'install',
      `--prefix=${toolsDir}`,
      '--global=false',
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--loglevel=error',
      `pnpm@${version}`,
    ])
    if (!existsSync(path.join(pnpmDir, 'bin/pnpm.cjs'))) {
      throw new SetupError(`npm install left no pnpm in ${pnpmDir}`)
    }
  })
}
