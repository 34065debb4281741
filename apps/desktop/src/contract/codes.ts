/** Codes that any call may answer with. */
export const anyCallErrors = [
  'INTERNAL',
  'API-UNKNOWN',
  'INPUT-INVALID',
  'FRAME-TOO-LARGE',
  'FRAME-TOO-MANY',
  'CORE-STARTING',
  'CORE-RESTARTED',
  'CORE-STOPPED',
  'WORK-TIMED-OUT',
  'STORE-LOCKED',
  'STORE-NEWER',
  'STORE-DAMAGED',
] as const

/** Error codes of the shell and of core's own work. Rules of the engine, `HSM-…` and verification checks pass through as codes too. */
export const errorCodes = [
  ...anyCallErrors,
  'CORE-MISSING',
  'CORE-VERSION',
  'PROGRAM-CHANGED',
  'WORK-CANCELLED',
  'WORK-BUSY',
  'SHELL-PATHS',
  'DISK-FULL',
  'FOLDER-READ-ONLY',
  'FILE-MISSING',
  'FILE-EXISTS',
  'FOLDER-IN-USE',
  'FILE-UNREADABLE',
  'FILE-TOO-LARGE',
  'FILE-WRONG-KIND',
  'FILE-DAMAGED',
  'TOKEN-UNKNOWN',
  'TOKEN-PROFILE-OTHER',
  'TOKEN-LABEL-MISMATCH',
  'TOKEN-SECOND-OFFICER',
  'TOKEN-KEY-IN-USE',
  'CEREMONY-UNKNOWN',
  'STEP-NOT-CURRENT',
  'SCRIPT-UNKNOWN',
  'STAND-IN-ONLY',
  'PIN-EMPTY',
  'PIN-NOT-REPEATED',
  'HOLDER-DUPLICATE',
] as const

export type ErrorCode = (typeof errorCodes)[number]
