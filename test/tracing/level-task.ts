// The worker of levels.test.ts.
import { connect } from '@uring-actor/client'

/** Sets another level than it finds, and says how many reads were recorded since. */
export async function setLevel({ path }: { path: string }): Promise<{
  before: string
  recorded: number
}> {
  await using client = connect()
  const before = client.trace
  const file = await client.open(path, 'r')
  await file.read(Buffer.alloc(16), 0, 16, 0)
  client.setTrace('histogram')
  await file.read(Buffer.alloc(16), 0, 16, 0)
  return { before, recorded: client.latency().read?.total.count ?? 0 }
}
