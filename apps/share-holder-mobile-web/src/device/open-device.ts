import { answers } from './answers.ts'
import type { Device } from './api.ts'
import { epochs } from './epochs.ts'
import { ownFiles } from './own-files.ts'
import { createPhone, type DevicePorts } from './phone.ts'
import { storageRefusal } from './records.ts'
import { shares } from './shares.ts'

import { signatures } from './signing.ts'
import { passkeys, unlocking } from './unlocking.ts'

/** Everything that a holder's phone decides and keeps, behind its passphrase. One of these lives in one worker. */
export function openDevice(ports: DevicePorts): Device {
  const phone = createPhone(ports)
  const device: Device = {
    ...unlocking(phone),
    ...passkeys(phone),
    ...shares(phone),
    ...answers(phone),
    ...signatures(phone),
    ...epochs(phone),
    ...ownFiles(phone),
  }
  return refusing(device, () => phone.on({ on: 'closed' }))
}

/** The device, where a storage that fails is a refusal. `close`: another tab wrote first, so what is open here is old. */
function refusing({ state, ...device }: Device, close: () => void): Device {
  const methods = Object.entries(device).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        // The caller's types are those of Device, so the arguments fit.
        return await (method as (...given: unknown[]) => Promise<unknown>)(...args)
      } catch (error) {
        const refused = storageRefusal(error)
        if (refused === null) throw error
        if (refused.rule === 'PHONE-OTHER-TAB') close()
        return refused
      }
    },
  ])
  // Each name keeps its answers, and every one of them may be a refusal.
  return { state, ...Object.fromEntries(methods) } as Device
}
