import { generic } from './generic.ts'
import type { Profile } from './profile.ts'
import { softhsm } from './softhsm.ts'

export const profiles: readonly Profile[] = [softhsm, generic]

/** The first profile whose manufacturer and model fit; `generic` fits all. */
export function profileOf(manufacturer: string, model: string): Profile {
  return profiles.find((p) => p.manufacturer.test(manufacturer) && p.model.test(model)) ?? generic
}
