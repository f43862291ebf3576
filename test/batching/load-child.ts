// The child of system-calls.alone.test.ts: so many reads of a warm file with 32 in flight, and nothing else.
import { readFileSync } from 'node:fs'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { readSteadily } from './load.ts'

const [path, reads] = process.argv.slice(2) as [string, string]
const fileBytes = readFileSync(path).length
const actor = await spawnActor()
const client = connect()
const file = await client.open(path, 'r')
await readSteadily(file, fileBytes, Number(reads), 32)
await client.close()
await actor.close()
