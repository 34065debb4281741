/** `user` is a person, `service` a program; they may the same. */
export const roles = [
  'server-admin',
  'organisation-admin',
  'crypto-officer',
  'operator',
  'service',
  'user',
  'auditor',
] as const
export type Role = (typeof roles)[number]

/** Roles of one project, and of the whole deployment. */
export const projectRoles = [
  'user',
  'service',
  'auditor',
  'crypto-officer',
] as const satisfies readonly Role[]
export const deploymentRoles = ['operator', 'server-admin'] as const satisfies readonly Role[]
