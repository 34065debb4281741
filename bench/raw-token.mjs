// The token alone, called straight through pkcs11js. `raw-token.mjs LIBRARY` initialises a token of the SoftHSM store in SOFTHSM2_CONF,
// logs in, and makes one AES-256 key. Prints the milliseconds of each as JSON.
import { createRequire } from 'node:module'

const pkcs11js = createRequire(new URL('../packages/hsm/package.json', import.meta.url))('pkcs11js')
const { CKA_TOKEN, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_WRAP, CKA_UNWRAP, CKA_VALUE_LEN } = pkcs11js
const pin = '12345678'
const times = {}
const timed = (name, work) => {
  const began = performance.now()
  const value = work()
  times[name] = performance.now() - began
  return value
}

const module = new pkcs11js.PKCS11()
module.load(process.argv[2])
module.C_Initialize()
const [slot] = module.C_GetSlotList(true)
timed('initialise-token', () => {
  module.C_InitToken(slot, pin, 'bench')
  const session = module.C_OpenSession(
    module.C_GetSlotList(true)[0],
    pkcs11js.CKF_RW_SESSION | pkcs11js.CKF_SERIAL_SESSION,
  )
  module.C_Login(session, pkcs11js.CKU_SO, pin)
  module.C_InitPIN(session, pin)
  module.C_Logout(session)
  module.C_CloseSession(session)
})
const session = module.C_OpenSession(slot, pkcs11js.CKF_RW_SESSION | pkcs11js.CKF_SERIAL_SESSION)
timed('log-in', () => module.C_Login(session, pkcs11js.CKU_USER, pin))
timed('generate-root', () =>
  module.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
    { type: CKA_TOKEN, value: true },
    { type: CKA_SENSITIVE, value: true },
    { type: CKA_EXTRACTABLE, value: false },
    { type: CKA_WRAP, value: true },
    { type: CKA_UNWRAP, value: true },
    { type: CKA_VALUE_LEN, value: 32 },
  ]),
)
module.C_Finalize()
process.stdout.write(`${JSON.stringify(times)}\n`)
