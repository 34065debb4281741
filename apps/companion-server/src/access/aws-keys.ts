import { hmacSha256, utf8 } from '@lux/crypto'
import { EnvironmentError } from '../refusal.ts'

/** What an AWS client is given to sign its calls with. */
export type AwsKey = { readonly accessKeyId: string; readonly secretAccessKey: string }

/** AWS access keys of API keys: both halves come from the API key's id, so that nothing more is kept, and they end with it. */
export type AwsKeys = {
  of(apiKey: string): Promise<AwsKey>
  /** Null where it is none of this server. */
  apiKeyOf(accessKeyId: string): string | null
}

/** `secretsKey`: of the token, null while it is sealed. */
export function openAwsKeys(secretsKey: () => Promise<Uint8Array | null>): AwsKeys {
  return {
    async of(apiKey) {
      const key = await secretsKey()
      if (key === null) throw new EnvironmentError('TOKEN-PIN', 'the token is not logged in')
      const secret = Buffer.from(hmacSha256(key, utf8(`custody-aws-secret-1 ${apiKey}`)))
      return {
        accessKeyId: `LUX${apiKey.replaceAll('-', '').toUpperCase()}`,
        secretAccessKey: secret.toString('base64url'),
      }
    },
    apiKeyOf(accessKeyId) {
      const hex = /^LUX([0-9A-F]{32})$/.exec(accessKeyId)?.[1]?.toLowerCase()
      return hex === undefined ? null : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    },
  }
}
