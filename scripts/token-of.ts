import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a test file or a helper that it imports names, by the token that it then runs on; the first that fits counts. */
export const tokens: readonly { name: string; how: string; named: RegExp }[] = [
  {
    name: 'all four, for the table above',
    how: '`node packages/hsm/test/profiles/write-shown.ts`',
    named: /from '\.\/shown-tokens\.ts'/,
  },
  {
    name: 'openCryptoki, soft token',
    how: 'the distribution’s library and daemon',
    named: /startOpenCryptoki|from '\.\/opencryptoki\.ts'/,
  },
  {
    name: 'tpm2-pkcs11 on swtpm',
    how: 'the distribution’s library on a software TPM',
    named: /startSwtpm|from '\.\/swtpm\.ts'/,
  },
  { name: 'NSS softokn', how: 'the distribution’s library', named: /libsoftokn3/ },
  {
    name: 'SoftHSM 2.6.1 behind the fault module',
    how: '`packages/hsm/test/fault-module`',
    named: /faultModule|buildFaultModule|fault-token-place/,
  },
  {
    name: 'SoftHSM 2.6.1',
    how: 'a private store for each test',
    named: /softTokenEnvironment|startBench|'rehearse'|token-initialisation/,
  },
  { name: 'no token', how: 'parsers, forms, files, windows', named: /./ },
]

/** The text of a test file and of every helper beneath a test folder that it imports. */
function withHelpers(path: string, seen = new Set<string>()): string {
  if (seen.has(path)) return ''
  seen.add(path)
  const text = readFileSync(path, 'utf8')
  const imported = [...text.matchAll(/from '(\.[^']+\.ts)'/g)].map((match) =>
    join(dirname(path), match[1] ?? ''),
  )
  return [
    text,
    ...imported.filter((one) => one.includes('/test/')).map((one) => withHelpers(one, seen)),
  ].join('\n')
}

/** The token that a test file runs on, by what it and its helpers name. */
export const tokenOf = (path: string): string => {
  const text = withHelpers(path)
  return tokens.find(({ named }) => named.test(text))?.name ?? ''
}
