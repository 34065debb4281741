import { writeFileSync } from 'node:fs'
import wabt from 'wabt'
import { toBase64 } from '../../src/base64.ts'
import { kernelText } from '../../src/sharing/kernel-source/module.ts'

export async function assembleKernel(): Promise<Uint8Array> {
  const assembler = await wabt()
  return assembler.parseWat('kernel.wat', kernelText(), { simd: true, bulk_memory: true }).toBinary({}).buffer
}

// `node packages/crypto/test/sharing/assemble-kernel.ts` writes the bytes that the package carries.
if (import.meta.main) {
  const text = toBase64(await assembleKernel())
  const lines = text.match(/.{1,100}/g) ?? []
  writeFileSync(
    new URL('../../src/sharing/kernel-bytes.ts', import.meta.url),
    `/** kernel-source, assembled: the test "the kernel's bytes are its source" assembles it again and compares. Base64. */
export const KERNEL_BASE64 =
${lines.map((line) => `  '${line}'`).join(' +\n')}
`,
  )
}
