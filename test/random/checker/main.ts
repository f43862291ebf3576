// Verifies what a run has left in its folder: histories and files. Uses nothing but Node.
//
//   node main.js FOLDER
//
// Prints one line of JSON with the counts, and what is wrong on stderr. Exit code 1 if anything is.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { BlockFile } from './blocks.ts'
import { ByteFile } from './bytes.ts'
import { Findings } from './findings.ts'
import { History, type Operation } from './history.ts'
import { checkResult } from './results.ts'

interface Manifest {
  readonly files: ReadonlyArray<{
    readonly id: number
    readonly path: string
    readonly kind: 'blocks' | 'bytes'
    readonly size: number
  }>
  readonly clients: ReadonlyArray<{ readonly history: string }>
}

const directory = process.argv[2]!
const manifest = JSON.parse(readFileSync(path.join(directory, 'run.json'), 'utf8')) as Manifest
const findings = new Findings()
const counts = { operations: 0, blockReads: 0, dumps: 0, failed: 0, aborted: 0 }
const blockFiles = new Map<number, BlockFile>()
const byteFiles = new Map<number, ByteFile>()
for (const { id, path: file, kind, size } of manifest.files) {
  if (kind === 'blocks') blockFiles.set(id, new BlockFile(id, file, size, findings))
  else byteFiles.set(id, new ByteFile(id, file, size, findings))
}

for (const [client, { history: name }] of manifest.clients.entries()) {
  const history = new History(path.join(directory, name), client, findings)
  counts.operations += history.operations
  for (const number of history.settlements) {
    const operation = history.operation(number)
    if (operation.settled >= 0) settled(operation)
  }
  for (let number = 0; number < history.operations; number++) {
    const operation = history.operation(number)
    // What was lost may still have been done.
    if (operation.settled < 0) blockFiles.get(operation.file)?.add(operation)
  }
}
for (const file of blockFiles.values()) file.check()
for (const file of byteFiles.values()) file.checkContents()

process.stdout.write(`${JSON.stringify({ ...counts, findings: findings.counts })}\n`)
if (!findings.none) {
  process.stderr.write(`${findings.lines().join('\n')}\n`)
  process.exitCode = 1
}

function settled(operation: Operation): void {
  checkResult(operation, findings)
  blockFiles.get(operation.file)?.settled(operation)
  byteFiles.get(operation.file)?.settled(operation)
  if (operation.stopped) counts.aborted++
  else if (operation.code > 0) counts.failed++
  counts.blockReads += operation.blocks
  for (let index = 0; index < operation.blocks; index++) {
    if (operation.blockAt(index)[0] === -1) counts.dumps++
  }
}
