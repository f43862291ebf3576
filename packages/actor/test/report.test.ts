// The text that `uring-actor doctor` prints: what is not known is never said to be so or so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Capabilities } from '#dist/doctor/capabilities.js'
import type { PathCapabilities } from '#dist/doctor/path-facts.js'
import { report } from '#dist/doctor/report.js'

const FORBIDDEN: Capabilities = {
  platform: 'linux',
  arch: 'arm64',
  kernel: '6.6.1',
  node: '20.19.0',
  engine: 'threadpool',
  cause: 'seccomp',
  reason: 'io_uring_setup failed with EPERM: a seccomp filter forbids it',
  remedy: 'allow it',
  cachedReads: true,
  ioUring: {
    usable: false,
    cause: 'seccomp',
    reason: 'io_uring_setup failed with EPERM: a seccomp filter forbids it',
    remedy: 'allow it',
    addonTried: [],
    disabled: null,
    seccomp: true,
    permissionModel: false,
    opcodes: null,
    features: null,
  },
  limits: { lockedMemory: 65536, openFiles: null },
  path: null,
}
const PATH: PathCapabilities = {
  path: '/data',
  kind: 'directory',
  filesystem: 'nfs4',
  engine: 'threadpool',
  directIo: null,
  trim: null,
  device: null,
  refused: 'EACCES',
}

test('what is forbidden, and what to do about it', () => {
  assert.equal(
    report(FORBIDDEN),
    `engine         threadpool (io_uring_setup failed with EPERM: a seccomp filter forbids it)
remedy         allow it
cached reads   by the calling threads

system         linux 6.6.1, arm64, Node 20.19.0
io_uring       io_uring_setup failed with EPERM: a seccomp filter forbids it
sysctl         kernel.io_uring_disabled = unknown
seccomp        a filter
permissions    not restricted
locked memory  64 KiB can be registered (ulimit -l)
open files     unknown (ulimit -n)
`,
  )
})

test('what was asked for is not what is wrong with io_uring', () => {
  const text = report({ ...FORBIDDEN, reason: 'the thread pool was asked for', remedy: '' })
  assert.match(text, /^engine +threadpool \(the thread pool was asked for\)\ncached.*\n\nsystem/)
  assert.match(text, /^io_uring .*seccomp.*\nremedy +allow it$/m)
})

test('no engine at all, and where the addon was looked for', () => {
  const addonTried = ['/a/uring_actor.node: no such file', '/b/uring_actor.node: no such file']
  const without = report({ ...FORBIDDEN, cachedReads: false })
  assert.match(without, /^cached reads +by the actor, as the addon is missing$/m)
  const text = report({
    ...FORBIDDEN,
    engine: null,
    ioUring: { ...FORBIDDEN.ioUring, addonTried },
  })
  assert.match(text, /^engine +none: spawnActor\(\) rejects \(io_uring_setup failed/)
  for (const tried of addonTried) assert.ok(text.includes(`\ntried          ${tried}\n`), text)
})

test('a path of which little is known', () => {
  const text = report({ ...FORBIDDEN, path: PATH })
  assert.ok(
    text.endsWith('\npath           /data, directory on nfs4\nnot looked at  EACCES\n'),
    text,
  )
})

test('a filesystem that is not one for the ring', () => {
  const text = report({ ...FORBIDDEN, engine: 'io_uring', path: PATH })
  assert.match(text, /^path .*\nengine +threadpool: the ring is not for files on this filesystem$/m)
})

test('a path of which all is known', () => {
  const device = {
    number: '8:1',
    logicalBlock: 512,
    discardGranularity: 0,
    discardMax: 0,
  }
  const known = { ...PATH, refused: null, trim: 'hole', directIo: 'none', device } as const
  const text = report({ ...FORBIDDEN, path: known })
  assert.match(text, /^direct I\/O +none: the filesystem refuses O_DIRECT$/m)
  assert.match(text, /^trim +hole/m)
  assert.match(text, /^device +8:1, blocks of 512 bytes, cannot discard$/m)
})
