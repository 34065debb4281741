import { type Ciphertext, partialDecrypt, verifyShare } from '../../packages/crypto/src/fhe/index.ts'

/** What the page gives: a dealt share, the public file, and what is answered. */
export type Given = { share: Uint8Array; pub: Uint8Array; ciphertexts: { name: string; of: Ciphertext }[] }
/** Milliseconds by name: a first answer, as a phone gives it, from the share's bytes on. */
export type Answered = Record<string, number>

// The types of a worker are not those of this folder's programs.
const self = globalThis as unknown as {
  onmessage: (message: { data: Given }) => void
  postMessage: (said: { times: Answered } | { failed: string }) => void
}

self.onmessage = ({ data: { share, pub, ciphertexts } }) => {
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
    self.postMessage({ times })
  } catch (error) {
    self.postMessage({ failed: String(error) })
  }
}
