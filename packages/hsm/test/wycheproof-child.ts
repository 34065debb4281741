import { Module } from '../src/pkcs11/library/module.ts'
import { Tokens } from '../src/pkcs11/session/tokens.ts'
import { type Difference, differencesOf, suiteNames } from './wycheproof-run.ts'

/** In a process that sees the token’s daemon, without the host: `library serial pin`. Says the differences by file of vectors. */
const [library = '', serial = '', pin = ''] = process.argv.slice(2)
const session = new Tokens(new Module(library)).get(serial)
session.logIn({ user: 'user', pin: Buffer.from(pin), keep: false })
const found: Record<string, Difference[]> = {}
for (const name of suiteNames) found[name] = await differencesOf(session, name)
session.close()
process.stdout.write(JSON.stringify(found))
