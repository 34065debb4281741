// The token called straight through pkcs11js, in one process. `raw-hsm.mjs LIBRARY PIN` reads lines of JSON {work, count, inFlight} and
// answers each with {ms, cpu}: milliseconds by the clock and of processor time. In flight 0: one synchronous call after another. Else
// asynchronous calls on that many sessions. Objects have the labels kek, data, gcm, ec.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const pkcs11js = createRequire(new URL('../packages/hsm/package.json', import.meta.url))('pkcs11js')
const [library, pin] = process.argv.slice(2)
const p11 = new pkcs11js.PKCS11()
p11.load(library)
p11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK })
const slot = p11.C_GetSlotList(true)[0]
const open = () => p11.C_OpenSession(slot, pkcs11js.CKF_RW_SESSION | pkcs11js.CKF_SERIAL_SESSION)
const main = open()
p11.C_Login(main, pkcs11js.CKU_USER, pin)
const sessions = [main, ...Array.from({ length: 15 }, open)]

function find(label, keyClass) {
  p11.C_FindObjectsInit(main, [
    { type: pkcs11js.CKA_LABEL, value: label },
    { type: pkcs11js.CKA_CLASS, value: keyClass },
  ])
  const [handle] = p11.C_FindObjects(main, 1)
  p11.C_FindObjectsFinal(main)
  return handle
}
const kek = find('kek', pkcs11js.CKO_SECRET_KEY)
const data = find('data', pkcs11js.CKO_SECRET_KEY)
const gcm = find('gcm', pkcs11js.CKO_SECRET_KEY)
const ec = find('ec', pkcs11js.CKO_PRIVATE_KEY)
const digest = Buffer.alloc(32, 7)
const plaintext = Buffer.alloc(1024, 7)
const nonce = Buffer.alloc(12)
const kwp = { mechanism: 0x210a }
const ecdsa = { mechanism: pkcs11js.CKM_ECDSA }
/** A nonce is used once, so the parameter is made anew for each call. */
const aesGcm = () => {
  nonce.writeUInt32LE(nonce.readUInt32LE() + 1)
  const parameter = {
    type: pkcs11js.CK_PARAMS_AES_GCM_v240,
    iv: nonce,
    ivBits: 96,
    aad: Buffer.alloc(0),
    tagBits: 128,
  }
  return { mechanism: pkcs11js.CKM_AES_GCM, parameter }
}

const begun = {
  sign: (s) => p11.C_SignInit(s, ecdsa, ec),
  wrap: () => undefined,
  gcm: (s) => p11.C_EncryptInit(s, aesGcm(), gcm),
}
const ended = {
  sign: [(s) => p11.C_Sign(s, digest, Buffer.alloc(64)), (s) => p11.C_SignAsync(s, digest, Buffer.alloc(64))],
  wrap: [
    (s) => p11.C_WrapKey(s, kwp, kek, data, Buffer.alloc(40)),
    (s) => p11.C_WrapKeyAsync(s, kwp, kek, data, Buffer.alloc(40)),
  ],
  gcm: [
    (s) => p11.C_Encrypt(s, plaintext, Buffer.alloc(1040)),
    (s) => p11.C_EncryptAsync(s, plaintext, Buffer.alloc(1040)),
  ],
}

async function timed({ work, count, inFlight }) {
  const begin = begun[work]
  const [now, later] = ended[work]
  const began = performance.now()
  const before = process.cpuUsage()
  if (inFlight === 0) {
    for (let i = 0; i < count; i++) {
      begin(main)
      now(main)
    }
  } else {
    let left = count
    const lane = async (session) => {
      while (left-- > 0) {
        begin(session)
        await later(session)
      }
    }
    await Promise.all(sessions.slice(0, inFlight).map(lane))
  }
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  return { ms, cpu: (user + system) / 1000 }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await timed(JSON.parse(line)))}\n`)
}
p11.C_Finalize()
