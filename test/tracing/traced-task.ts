// What each thread of traced-child.ts does.
import { connect } from '@uring-actor/client'

export async function readThrice({ path }: { path: string }): Promise<void> {
  await using client = connect()
  const file = await client.open(path, 'r')
  for (let reads = 0; reads < 3; reads++) await file.read(Buffer.alloc(64), 0, 64, reads * 64)
  await file.close()
}
