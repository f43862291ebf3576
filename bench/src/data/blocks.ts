/**
 * Self-describing blocks: whoever reads one can tell that it is the right one, and whole.
 *
 *   word     0  magic              4  check of the words 1 to 3 and of the body's template
 *            1  file id            5 … 1022  body: one of TEMPLATES templates
 *            2  block number    1023  block number again
 *            3  template
 *
 * 32-bit words, little endian. A body is one of few templates, so that all of it can be compared for
 * what a copy of it costs; the check is the FNV hash of the template's words, then of the words 1 to 3.
 */
export const BLOCK_BYTES = 4096
export const BLOCK_WORDS = 1024
export const TEMPLATES = 16

const MAGIC = 0x31424155 // 'UAB1'
const FILE_WORD = 1
const NUMBER_WORD = 2
const TEMPLATE_WORD = 3
const CHECK_WORD = 4
const BODY_WORD = 5
const TAIL_WORD = 1023
const BODY_BYTE: number = BODY_WORD * 4
const TAIL_BYTE: number = TAIL_WORD * 4
const FNV_BASIS = 0x811c9dc5
const FNV_PRIME = 16777619

const templates = new Uint32Array(TEMPLATES * BLOCK_WORDS)
const checks = new Uint32Array(TEMPLATES)

for (let template = 0; template < TEMPLATES; template++) {
  let random = Math.imul(0x9e3779b9, template + 1)
  let check = FNV_BASIS
  for (let word = BODY_WORD; word < TAIL_WORD; word++) {
    random ^= random << 13
    random ^= random >>> 17
    random ^= random << 5
    templates[template * BLOCK_WORDS + word] = random
    check = Math.imul(check ^ random, FNV_PRIME)
  }
  checks[template] = check
}

const templateBytes = Buffer.from(templates.buffer)

/** The body of a template, as much of it as is in a block's first `bytes` bytes. */
function bodyOf(template: number, bytes: number): Buffer {
  const at = template * BLOCK_BYTES
  return templateBytes.subarray(at + BODY_BYTE, at + Math.min(bytes, TAIL_BYTE))
}

function checkOf(file: number, number: number, template: number): number {
  let check = Math.imul(checks[template]! ^ file, FNV_PRIME)
  check = Math.imul(check ^ number, FNV_PRIME)
  return Math.imul(check ^ template, FNV_PRIME) >>> 0
}

/** Memory for the blocks of one operation, with the views by which they are made and checked. */
export class BlockBuffer {
  readonly bytes: Uint8Array
  readonly #words: Uint32Array
  readonly #bodies: readonly Buffer[]
  /** For each template, what the bodies are compared with. */
  readonly #templates: readonly Buffer[]
  readonly #blockBytes: number

  /** Over whole blocks, or over the first bytes of one: a multiple of 4, at least 32. */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, length } = bytes
    this.bytes = bytes
    this.#blockBytes = Math.min(length, BLOCK_BYTES)
    this.#words = new Uint32Array(buffer, byteOffset, length >> 2)
    const blocks = length / this.#blockBytes
    const end = Math.min(this.#blockBytes, TAIL_BYTE)
    this.#bodies = Array.from({ length: blocks }, (_, block) => {
      const at = block * BLOCK_BYTES
      return Buffer.from(buffer, byteOffset + at + BODY_BYTE, end - BODY_BYTE)
    })
    this.#templates = Array.from({ length: TEMPLATES }, (_, template) =>
      bodyOf(template, this.#blockBytes),
    )
  }

  /** Fills the bodies with templates, from `template` on. Needed once before `make`. */
  fill(template: number): void {
    for (const [block, body] of this.#bodies.entries()) {
      const chosen = (template + block) % TEMPLATES
      body.set(this.#templates[chosen]!)
      this.#words[block * BLOCK_WORDS + TEMPLATE_WORD] = chosen
    }
  }

  /** Makes these the blocks `first`, first + 1 … of a file. */
  make(file: number, first: number): void {
    const words = this.#words
    for (let block = 0; block < this.#bodies.length; block++) {
      const at = block * BLOCK_WORDS
      const number = first + block
      words[at] = MAGIC
      words[at + FILE_WORD] = file
      words[at + NUMBER_WORD] = number
      words[at + CHECK_WORD] = checkOf(file, number, words[at + TEMPLATE_WORD]!)
      words[at + TAIL_WORD] = number
    }
  }

  /** Throws when these are not the blocks `first`, first + 1 … of a file, to the last byte. */
  verify(file: number, first: number): void {
    const words = this.#words
    for (let block = 0; block < this.#bodies.length; block++) {
      const at = block * BLOCK_WORDS
      const number = first + block
      const template = words[at + TEMPLATE_WORD]!
      const good =
        words[at] === MAGIC &&
        words[at + FILE_WORD] === file &&
        words[at + NUMBER_WORD] === number &&
        template < TEMPLATES &&
        words[at + CHECK_WORD] === checkOf(file, number, template) &&
        (this.#blockBytes < BLOCK_BYTES || words[at + TAIL_WORD] === number) &&
        this.#bodies[block]!.equals(this.#templates[template]!)
      if (!good) throw new MismatchError(file, number, this.#faultOf(block, file, number))
    }
  }

  /** As `verify`, but of the first block only what stands at its two ends: for next to nothing. */
  verifyEnds(file: number, first: number): void {
    const words = this.#words
    const good =
      words[FILE_WORD] === file && words[NUMBER_WORD] === first && words[TAIL_WORD] === first
    if (!good) throw new MismatchError(file, first, this.#faultOf(0, file, first))
  }

  #faultOf(block: number, file: number, number: number): string {
    const [magic, foundFile, foundNumber, template] = this.#words.subarray(block * BLOCK_WORDS)
    if (magic === 0 && foundNumber === 0) return 'it holds zeros'
    if (magic !== MAGIC) return 'it is no block'
    if (foundFile !== file || foundNumber !== number) {
      return `it is block ${foundNumber} of file ${foundFile}`
    }
    return template! < TEMPLATES ? 'its contents are wrong' : 'its template is unknown'
  }
}

/** What was read is not what was written. */
export class MismatchError extends Error {
  override readonly name = 'MismatchError'

  constructor(file: number, number: number, fault: string) {
    super(`block ${number} of file ${file} was read, and ${fault}`)
  }
}

/** By its name: an error of a worker thread comes without its class. */
export function isMismatch(error: unknown): error is Error {
  return error instanceof Error && error.name === 'MismatchError'
}
