import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildFaultModule, calls, planFaults } from '../support/fault-module.ts'
import { openHttp } from '../support/http-under-test.ts'
import { changePinFile } from '../support/server-under-test.ts'

let http: Awaited<ReturnType<typeof openHttp>>
let library = ''

beforeAll(async () => {
  http = await openHttp('lost', {}, (folder) => {
    library = buildFaultModule(folder)
    return library
  })
  await http.takeIn()
})
afterAll(() => http.close())

const plaintext = Buffer.from('still here').toString('base64')
const url = '/api/v1/kms/keys'
const encrypt = () => http.post('user', `${url}/orders/encrypt`, { plaintext })

/** Asks the token anew and not the cache. */
async function roundTrip(): Promise<unknown> {
  http.server.services.unwrapping.forgetAll()
  const sealed = await encrypt()
  if (sealed.statusCode !== 200) return sealed.json()
  http.server.services.unwrapping.forgetAll()
  const { ciphertext } = sealed.json()
  const opened = await http.post('user', `${url}/orders/decrypt`, { ciphertext })
  return opened.json().plaintext ?? opened.json()
}

test.each(['session-lost', 'CKR_USER_NOT_LOGGED_IN', 'CKR_SESSION_HANDLE_INVALID'])(
  'TOKEN-SESSION under a running server a lost session (%s) costs one new log-in, and encryption goes on',
  async (fault) => {
    expect(await roundTrip()).toBe(plaintext)
    const logins = calls(library, 'C_Login')
    planFaults(library, `C_UnwrapKey@${calls(library, 'C_UnwrapKey') + 1}=${fault}`)
    expect(await roundTrip()).toBe(plaintext)
    expect(calls(library, 'C_Login')).toBe(logins + 1)
    expect(http.server.services.token.sealed).toBe(null)
  },
)

test('TOKEN-PIN a PIN that was changed meanwhile is sent once for a lost session and never again, until the file has another', async () => {
  const logins = calls(library, 'C_Login')
  planFaults(
    library,
    `C_UnwrapKey@${calls(library, 'C_UnwrapKey') + 1}=session-lost`,
    `C_Login@${logins + 1}=CKR_PIN_INCORRECT`,
  )
  http.server.services.unwrapping.forgetAll()
  const answers = await Promise.all([encrypt(), encrypt(), encrypt()])
  for (const answer of answers) expect([answer.statusCode, answer.json().code]).toEqual([503, 'TOKEN-PIN'])
  // Longer than the turn in which the server looks whether the file has another PIN.
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect(await http.server.services.token.unseal()).toMatchObject({ code: 'TOKEN-PIN' })
  expect(calls(library, 'C_Login')).toBe(logins + 1)
  expect(JSON.parse(await readFile(http.state.refusedPin, 'utf8'))).toMatchObject({ as: 'refused' })

  planFaults(library)
  await changePinFile(http.state, '99999999\n')
  expect(await http.server.services.token.unseal()).toMatchObject({ code: 'TOKEN-PIN' })
  expect(calls(library, 'C_Login')).toBe(logins + 2)
})
