import type { Record } from '../audit/record.ts'
import { type AllOperations, allOperationsOf, openPipeline } from '../operations/pipeline.ts'
import { type Approvals, approvalTable } from './approvals.ts'
import { breakGlassTable } from './break-glass.ts'
import { credentialTable } from './credentials.ts'
import { identityTable } from './identities.ts'
import { organisationTable } from './organisations.ts'
import { overrideTable } from './override.ts'
import { peopleTable } from './people.ts'
import { reviewTable } from './reviews.ts'
import { roleTable } from './roles.ts'
import { authenticatorTable } from './webauthn/authenticators.ts'

/** What commands govern too. */
export const governingTables = (
  parts: Parameters<typeof organisationTable>[0] &
    Parameters<typeof identityTable>[0] &
    Parameters<typeof overrideTable>[0],
) => ({
  organisations: { ...organisationTable(parts), ...identityTable(parts) },
  breakGlass: breakGlassTable(parts),
  overrides: overrideTable(parts),
})

/** What asks for more than the database. */
export const accessTables = (
  parts: Parameters<typeof peopleTable>[0] &
    Parameters<typeof credentialTable>[0] &
    Parameters<typeof reviewTable>[0] &
    Parameters<typeof authenticatorTable>[0],
) => ({
  people: peopleTable(parts),
  roles: roleTable(parts),
  credentials: credentialTable(parts),
  reviews: reviewTable(parts),
  approvals: approvalTable(parts),
  authenticators: authenticatorTable(parts),
})

export type Governing = AllOperations<ReturnType<typeof governingTables>>
export type Access = AllOperations<ReturnType<typeof accessTables>>

type With<T> = T & { readonly record: Record; readonly approvals: Approvals }

export const openGoverning = (parts: With<Parameters<typeof governingTables>[0]>): Governing =>
  allOperationsOf(governingTables(parts), openPipeline(parts))

export const openAccess = (parts: With<Parameters<typeof accessTables>[0]>): Access =>
  allOperationsOf(accessTables(parts), openPipeline(parts))
