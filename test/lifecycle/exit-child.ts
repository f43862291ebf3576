// The children of process-exit.test.ts: each is a small program that never closes anything, and is
// over, or not, when Node says so. What is printed here is what the test expects.
import { parentPort, Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { type Client, connect, type UringFile } from '@uring-actor/client'

const [, , program = '', path = ''] = process.argv

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function opened(flags: string = 'r+'): Promise<[Client, UringFile]> {
  await spawnActor()
  const client = connect()
  return [client, await client.open(path, flags)]
}

const programs: Record<string, () => Promise<void>> = {
  'spawn only': async () => {
    say((await spawnActor()).engine)
  },
  'work done': async () => {
    const [, file] = await opened()
    const { bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0)
    await file.write('more')
    say(String(bytesRead))
  },
  'blocking work done': async () => {
    await spawnActor()
    const client = connect()
    const file = client.openSync(path, 'r')
    say(String(file.readSync(Buffer.alloc(4096), 0, 4096, 0)))
  },
  'read in flight': async () => {
    const [, file] = await opened()
    say('reading')
    file.read(Buffer.alloc(64)).then(({ bytesRead }) => say(`read ${bytesRead}`))
  },
  'read posted after a blocking call': async () => {
    const [client, file] = await opened()
    await new Promise((resolve) => setTimeout(resolve, 30))
    client.nop().catch(say)
    // It takes the first one's completion too; and all three are of one turn of the event loop.
    client.nopSync()
    say('reading')
    file.read(Buffer.alloc(64)).then(({ bytesRead }) => say(`read ${bytesRead}`))
  },
  'everything in flight': async () => {
    const [client, file] = await opened()
    const told = (name: string) => () => say(name)
    file.read(Buffer.alloc(4096), 0, 4096, 0).then(told('read'))
    file.write(Buffer.alloc(5_000_000), 0, 5_000_000, 0).then(told('write'))
    file.writeDurable(Buffer.alloc(4096), 0, 4096, 0).then(told('writeDurable'))
    file.datasync().then(told('datasync'))
    file.stat().then(told('stat'))
    file.trim(0, 4096).then(told('trim'))
    file.readMany([0, 4096], 16).then(told('readMany'))
    client.open(path, 'r').then(told('open'))
    client.nop().then(told('nop'))
    client.flush().then(told('flush'))
    client.chain((chain) => chain.nop().datasync(file)).then(told('chain'))
    client.stats().then(told('client stats'))
    client.actorStats().then(told('actor stats'))
    const other = connect()
    other.close().then(told('close'))
  },
  'actor stats in flight': async () => {
    const actor = await spawnActor()
    actor.stats().then(({ engine }) => say(engine))
  },
  'actor stats and close in flight': async () => {
    const actor = await spawnActor()
    const [, file] = await opened()
    // Work that the close has to wait for, and that outlasts the answer to stats().
    const bytes = Buffer.alloc(1 << 20)
    for (let index = 0; index < 64; index++) {
      file.write(bytes, 0, bytes.length, index * bytes.length).catch(() => {})
    }
    actor.stats().then(({ engine }) => say(engine))
    actor.close().then(() => say('closed'))
  },
  'actor close in flight': async () => {
    const actor = await spawnActor()
    actor.close().then(() => say('closed'))
  },
  'top-level await': async () => {
    const [, file] = await opened()
    for (let round = 0; round < 200; round++) await file.read(Buffer.alloc(512), 0, 512, 0)
    await new Promise((resolve) => setTimeout(resolve, 30))
    for (let round = 0; round < 200; round++) await file.read(Buffer.alloc(512), 0, 512, 0)
    say('200')
  },
  'exit with reads in flight': async () => {
    const [, file] = await opened()
    for (let read = 0; read < 32; read++) file.read(Buffer.alloc(64)).catch(() => {})
    setTimeout(() => {
      say('exiting')
      process.exit(7)
    }, 50)
  },
  'exit at once': async () => {
    const [, file] = await opened()
    for (let read = 0; read < 32; read++) file.read(Buffer.alloc(64)).catch(() => {})
    say('exiting')
    process.exit(7)
  },
  'exit amid writes': async () => {
    const [, file] = await opened()
    const bytes = Buffer.alloc(65536, 1)
    const write = (index: number): void => {
      file.write(bytes, 0, bytes.length, (index % 64) * bytes.length).then(() => write(index + 1))
    }
    for (let index = 0; index < 64; index++) write(index)
    setTimeout(() => {
      say('exiting')
      process.exit(7)
    }, 100)
  },
  'throw with reads in flight': async () => {
    const [, file] = await opened()
    for (let read = 0; read < 32; read++) file.read(Buffer.alloc(64)).catch(() => {})
    setTimeout(() => {
      say('throwing')
      throw new Error('on purpose')
    }, 50)
  },
  'signal with reads in flight': async () => {
    const [, file] = await opened()
    for (let read = 0; read < 32; read++) file.read(Buffer.alloc(64)).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 50))
    say('ready')
  },
  'thread with a read in flight': async () => {
    await spawnActor()
    const worker = new Worker(new URL(import.meta.url), { argv: ['in the thread', path] })
    worker.on('message', say)
    worker.on('exit', (code) => say(`thread ended with ${code}`))
  },
  'in the thread': async () => {
    const file = await connect().open(path, 'r+')
    parentPort!.postMessage('reading')
    file
      .read(Buffer.alloc(64))
      .then(({ bytesRead }) => parentPort!.postMessage(`read ${bytesRead}`))
  },
}

await programs[program]!()
