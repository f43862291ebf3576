// The process of otel-import.test.ts: prints which modules of OpenTelemetry are loaded once it has
// imported the packages, and once it has imported the part that needs them.
import { createRequire } from 'node:module'

const { cache } = createRequire(import.meta.url)

function loaded(): number {
  return Object.keys(cache).filter((file) => file.includes('@opentelemetry')).length
}

await import('@uring-actor/client')
const { spawnActor } = await import('@uring-actor/actor')
{
  await using actor = await spawnActor({ trace: 'span' })
  await using client = actor.connect()
  await client.nop()
}
const without = loaded()
await import('@uring-actor/actor/otel')
console.log(JSON.stringify({ without, with: loaded() }))
