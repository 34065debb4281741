import { type BundleContents, verifyBundle } from '@lux/ceremony/bundle'
import { verifyAttestation } from '@lux/hsm'
import { fileReader } from '@lux/node-files'
import { refused } from './command-line.ts'
import { readPolicy } from './files.ts'

/** Works on what a bundle says, once every check accepts it under a policy that was taken by hand. Errors: the checks of the bundle, FILE-…. */
export async function withVerified<T>(
  path: string,
  policyPath: string,
  work: (contents: BundleContents) => T | Promise<T>,
): Promise<T> {
  const reader = fileReader(path)
  try {
    const policy = readPolicy(policyPath)
    const { verdict, failed, contents } = await verifyBundle(reader, {
      attestation: verifyAttestation,
      policy,
    })
    if (verdict !== 'accepted' || contents === null)
      throw refused(
        { rule: failed[0] ?? 'REFUSED', detail: `${path} is refused` },
        `see every check: custody verify ${path} --policy ${policyPath}`,
      )
    return await work(contents)
  } finally {
    reader.close()
  }
}
