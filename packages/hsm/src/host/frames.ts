/**
 * Calls and answers as bytes: u32le id || u32le form || u32le length of the form's text || u32le length of the arrays || text || arrays,
 * each u32le length || bytes. The text is there when this pipe sees the form for the first time. Every mention of an array is copied. The
 * other process wipes each call's arrays after it, so two calls may not share one.
 */
import { copyOutsideHeap } from '../copy-outside-heap.ts'
import { copyBytes, wipeBytes } from '../few-bytes.ts'
import { type Form, type Forms, KnownForms, unremembered } from './forms.ts'

const headBytes = 16
/** More than any argument or answer needs. A host that sends more has been taken over. */
const maxFrameBytes = 64 << 20
const bundleBytes = 1 << 16

/** What is sent: an id, and a value as its form and arrays. */
export type Parcel = { readonly id: number; readonly form: Form; readonly arrays: readonly Uint8Array[] }

/** What came. `arrays` are those in the value, for whoever wipes them. */
export type Frame = { readonly id: number; readonly value: unknown; readonly arrays: readonly Uint8Array[] }

/** Throws RangeError for what cannot cross: functions, bigints, and more than 64 MiB. */
export function parcel(forms: Forms, id: number, value: unknown): Parcel {
  const arrays: Uint8Array[] = []
  const form = forms.of(value, arrays)
  let size = form.text.length * 3
  for (const { length } of arrays) size += length + 4
  if (size > maxFrameBytes) throw new RangeError('more than 64 MiB cannot be given to the token host')
  return { id, form, arrays }
}

/** One end of one pipe: the frames that go out next, in one piece. */
export class FrameWriter {
  readonly #taught: (Form | undefined)[] = []
  #bytes = Buffer.allocUnsafeSlow(bundleBytes)
  #length = 0

  add({ id, form, arrays }: Parcel): void {
    const known = form.number !== unremembered && this.#taught[form.number] === form
    const text = known ? 0 : Buffer.byteLength(form.text)
    let size = 0
    for (const { length } of arrays) size += 4 + length
    this.#makeRoom(headBytes + text + size)
    const out = this.#bytes
    let at = this.#length
    out.writeUInt32LE(id, at)
    out.writeUInt32LE(form.number, at + 4)
    out.writeUInt32LE(text, at + 8)
    out.writeUInt32LE(size, at + 12)
    at += headBytes
    if (!known) {
      out.write(form.text, at, 'utf8')
      if (form.number !== unremembered) this.#taught[form.number] = form
      at += text
    }
    for (const array of arrays) {
      out.writeUInt32LE(array.length, at)
      copyBytes(array, array.length, out, at + 4)
      at += 4 + array.length
    }
    this.#length = at
  }

  /** As `add`, of a value that nobody needs any more: it may hold a key, and is wiped here. */
  spend(sent: Parcel): void {
    this.add(sent)
    for (const array of sent.arrays) wipeBytes(array)
  }

  #makeRoom(bytes: number): void {
    const wanted = this.#length + bytes
    if (wanted <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes.fill(0, 0, this.#length)
    this.#bytes = larger
  }

  /** Lends all that was added to `use`. Afterwards wipes it, unless `use` gives false: then `use` wipes it later. */
  send(use: (bundle: Buffer) => boolean): void {
    if (this.#length === 0) return
    const bundle = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    const done = use(bundle)
    if (done) bundle.fill(0)
    if (!done || this.#bytes.length > bundleBytes) this.#bytes = Buffer.allocUnsafeSlow(bundleBytes)
  }

  /** Wipes what was added: its receiver is gone. */
  discard(): void {
    this.#bytes.fill(0, 0, this.#length)
    this.#length = 0
  }
}

/**
 * Reads frames from a stream, in pieces of any size. `lent`: arrays point into the stream's memory, the receiver wipes them, and the rest
 * of a value is frozen. `copied`: the receiver owns everything, and the input is wiped here.
 */
export class FrameReader {
  readonly #arrays: 'lent' | 'copied'
  readonly #forms: KnownForms
  #rest: Buffer[] = []
  #have = 0
  #wanted = headBytes

  constructor(arrays: 'lent' | 'copied') {
    this.#arrays = arrays
    this.#forms = new KnownForms(arrays === 'lent' ? 'shared' : 'own')
  }

  /** Nothing of a frame is waiting for its end. */
  get between(): boolean {
    return this.#have === 0
  }

  /** No more will come: what was kept of a frame is wiped. */
  discard(): void {
    for (const piece of this.#rest.splice(0)) piece.fill(0)
    this.#have = 0
    this.#wanted = headBytes
  }

  /** The frames that are whole now, in order. Throws RangeError for what is no frame; no more is to be read then. */
  push(piece: Buffer): Frame[] {
    let bytes = piece
    if (this.#have > 0 || piece.length < headBytes) {
      // What is kept is a copy: whoever was lent arrays of this piece may wipe them, and the piece is used again.
      this.#rest.push(Buffer.from(piece))
      piece.fill(0)
      this.#have += piece.length
      if (this.#have < this.#wanted) return []
      bytes = joined(this.#rest)
    }
    const frames: Frame[] = []
    let at = 0
    this.#wanted = headBytes
    while (bytes.length - at >= headBytes) {
      const text = bytes.readUInt32LE(at + 8)
      const size = bytes.readUInt32LE(at + 12)
      if (text + size > maxFrameBytes) throw new RangeError('frame: more than 64 MiB')
      const end = at + headBytes + text + size
      if (end > bytes.length) {
        this.#wanted = end - at
        break
      }
      frames.push(this.#frame(bytes, at, text, end))
      at = end
    }
    this.#rest = at < bytes.length ? [Buffer.from(bytes.subarray(at))] : []
    this.#have = bytes.length - at
    if (this.#arrays === 'copied') bytes.fill(0)
    else if (this.#have > 0) bytes.fill(0, at)
    return frames
  }

  #frame(bytes: Buffer, at: number, text: number, end: number): Frame {
    const number = bytes.readUInt32LE(at + 4)
    const start = at + headBytes
    const fill =
      text === 0
        ? this.#forms.get(number)
        : this.#forms.learn(number, bytes.toString('utf8', start, start + text))
    const arrays: Uint8Array[] = []
    for (let from = start + text; from < end; ) {
      const first = from + 4
      const next = first <= end ? first + bytes.readUInt32LE(from) : Number.POSITIVE_INFINITY
      if (next > end) throw new RangeError('frame: bytes outside of it')
      const place = new Uint8Array(bytes.buffer, bytes.byteOffset + first, next - first)
      arrays.push(this.#arrays === 'lent' ? place : copyOutsideHeap(place))
      from = next
    }
    return { id: bytes.readUInt32LE(at), value: fill(arrays), arrays }
  }
}

/** One after another; what they are made of is wiped. */
function joined(pieces: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(pieces)
  for (const piece of pieces) piece.fill(0)
  return bytes
}
