import { expect, test } from 'vitest'
import { contentSecurityPolicy } from '../../src/main/content-security-policy.ts'

test('CSP-POLICY nothing is allowed but own files, and styles with the nonce of this load', () => {
  const directives = contentSecurityPolicy('bm9uY2U=').split('; ')
  expect(directives).toContain("default-src 'none'")
  expect(directives).toContain("script-src 'self'")
  expect(directives).toContain("connect-src 'none'")
  expect(directives.find((one) => one.startsWith('style-src '))).toContain("'nonce-bm9uY2U='")
  expect(directives.join(' ')).not.toMatch(/unsafe|https?:|data:|\*/)
})
