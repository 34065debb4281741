import type { Call } from '../audit/record.ts'
import type { KekRotation } from '../keys/kek-rotation.ts'
import type { RootRotation } from '../keys/rotation/root.ts'
import type { Rotation } from '../keys/rotation/steps.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { accept, type Outcome } from '../refusal.ts'
import { openServerParts } from '../server.ts'
import { operatorCall } from './operator-call.ts'

export type Rotated = Rotation & Partial<Pick<RootRotation, 'receipts'>>

/** What is to get a new KEK: a project, an organisation, or the deployment a new root. */
export type RotationOf = { readonly project: string } | { readonly organisation: string } | 'root'

/** Rotates to the end. Cut short, the same command or the server's clock goes on. */
export async function rotateKek(state: StateFolder, what: RotationOf): Promise<Outcome<Rotated>> {
  const { rotation, close } = await openServerParts(state)
  try {
    for (let moved = 0; ; ) {
      const done = await step(rotation, operatorCall(), what)
      if (!done.ok) return done
      moved += done.value.moved
      if (done.value.remaining === 0) return accept({ ...done.value, moved })
    }
  } finally {
    await close()
  }
}

function step(rotation: KekRotation, call: Call, what: RotationOf): Promise<Outcome<Rotated>> {
  if (what === 'root') return rotation.rotateRoot(call, {})
  return 'project' in what
    ? rotation.rotateProject(call, { project: what.project })
    : rotation.rotateOrganisation(call, { organisation: what.organisation })
}
