import { type Ciphertext, partialDecrypt, verifyShare } from '../../packages/crypto/src/fhe/index.ts'

/** What the page gives: a dealt share, the public file, and what is answered. */
export type Given = { share: Uint8Array; pub: Uint8Array; ciphertexts: { name: string; of: Ciphertext }[] }
/** Milliseconds by name: a first answer, as a phone gives it, from the share's bytes on. */
export type Answered = Record<string, number>

type Said = { times: Answered } | { failed: string }

export function answer({ share, pub, ciphertexts }: Given): Said {
  try {
    const times: Answered = {}
    for (const { name, of } of ciphertexts) {
      const began = performance.now()
      const verified = verifyShare(share, pub)
      if (!verified.ok) throw new Error(verified.detail)
      const answered = partialDecrypt(verified.value, [of], new Uint8Array(32))
      if (!answered.ok) throw new Error(answered.detail)
      times[name] = performance.now() - began
    }
    return { times }
  } catch (error) {
    return { failed: String(error) }
  }
}

// The types of a worker are not those of this folder's programs.
const self = globalThis as unknown as {
  document?: object
  onmessage: (message: { data: Given }) => void
  postMessage: (said: Said) => void
}

if (self.document === undefined) self.onmessage = ({ data }) => self.postMessage(answer(data))
