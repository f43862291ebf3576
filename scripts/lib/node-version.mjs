// Imported first by every script: says in one line what is wrong before anything newer is used.
import process from 'node:process'

const [major, minor] = process.versions.node.split('.').map(Number)

// 20.19 and 22.5 brought postMessageToThread, which connecting to the actor needs.
const supported = major === 20 ? minor >= 19 : major === 22 ? minor >= 5 : major > 22

if (!supported) {
  process.stderr.write(
    `uring-actor needs Node.js 20.19 or newer in 20.x, 22.5 or newer in 22.x, or 23 and later; ` +
      `this is ${process.version} (${process.execPath})\n`,
  )
  process.exit(1)
}
