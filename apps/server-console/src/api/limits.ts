// What the server takes, once for all forms of the console. A test compares each with the server's own.

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

export const maxHolders = 15
export const maxRotationDays = 3650
export const maxDescription = 500
export const maxPage = 100
/** Of an API key. */
export const maxTokenDays = 365
/** Of an alert on numbers: how many, in how many minutes. */
export const mostCounted = 1_000_000
export const mostMinutes = 1440
