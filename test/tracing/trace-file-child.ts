// Records a trace file and nothing else: the recording alone keeps this process alive until it ends.
import { spawnActor } from '@uring-actor/actor'

const actor = await spawnActor()
const { path } = await actor.recordTrace(process.argv[2]!, { seconds: 0.2 })
console.log(path)
