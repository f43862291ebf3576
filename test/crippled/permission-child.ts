// The program of permission.test.ts: opens, through the actor, what the permission model allows and
// what it forbids, and reports how each went beside what node:fs says.
import fs from 'node:fs'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'

interface Refusal {
  code: string | undefined
  permission: string | undefined
  resource: string | undefined
}

export interface PermissionReport {
  engine: string
  /** For each path and flags: what node:fs says, what open() and openSync() say; null: opened. */
  opens: Array<{ path: string; flags: string; ways: Array<Refusal | null> }>
}

async function refusalOf(open: () => Promise<unknown>): Promise<Refusal | null> {
  try {
    await open()
    return null
  } catch (error) {
    const { code, permission, resource } = error as Record<string, string>
    return { code, permission, resource }
  }
}

const actor = await spawnActor()
const client = connect()
const opens: PermissionReport['opens'] = []
for (const argument of process.argv.slice(2)) {
  const [path, flags] = argument.split('|') as [string, string]
  const ways = [
    await refusalOf(async () => fs.closeSync(fs.openSync(path, flags))),
    await refusalOf(async () => (await client.open(path, flags)).close()),
    await refusalOf(async () => client.openSync(path, flags).closeSync()),
  ]
  opens.push({ path, flags, ways })
}
await client.close()
const { engine } = actor
await actor.close()
process.stdout.write(`${JSON.stringify({ engine, opens } satisfies PermissionReport)}\n`)
