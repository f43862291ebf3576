// Waits in the actor's thread for the order to end it; see in-actor.ts.
export interface ActorOrder {
  kind: 'end this actor'
  end: 'throw' | 'reject' | 'exit'
  millis: number
}

function end(how: ActorOrder['end']): void {
  if (how === 'throw') throw new Error('on purpose')
  if (how === 'reject') void Promise.reject(new Error('on purpose'))
  else process.exit(0)
}

// 'workerMessage' is not in the types of Node 20.
process.on('workerMessage' as 'message', (order: unknown) => {
  const { kind, end: how, millis } = order as ActorOrder
  if (kind === 'end this actor') setTimeout(() => end(how), millis)
})
