/** Use of keys by callers. */
export const keyTexts = {
  'KEY-DISABLED': {
    what: 'The key is disabled',
    why: 'Somebody in charge switched it off.',
    do: 'Ask the operator of this server, or use another key.',
  },
  'KEY-USAGE': {
    what: 'The key is not made for this',
    why: 'Its algorithm decides what it does.',
    do: 'Use a key of another usage; GET /api/v1/kms/keys shows each one’s.',
  },
  'KEY-VERSION-ABSENT': {
    what: 'The key has no such version',
    why: 'The ciphertext names a version that was never imported here.',
    do: 'Check that it was encrypted by this server and key, and that every bundle of the key is imported.',
  },
  'KEY-VERSION-DISABLED': {
    what: 'This version of the key is not in use',
    why: 'Its state does not allow what was asked.',
    do: 'Encrypt with the current version; for an old ciphertext ask the operator of this server.',
  },
  'KEY-VERSION-RETIRED': {
    what: 'This version of the key is retired',
    why: 'The key’s least version for decrypting is higher.',
    do: 'Ask the operator of this server whether old ciphertexts are still to be read.',
  },
  'KEY-ID-DIFFERS': {
    what: 'Path and body name different keys',
    why: 'A body may repeat the key’s id, but not change it.',
    do: 'Send the same keyId in both, or in the path alone.',
  },
  'KEY-CHAIN': {
    what: 'A key above this one is missing',
    why: 'A row of the database is gone, or the root is not in this node’s token.',
    do: 'Put the database back from a backup, or import the bundle of this key again.',
  },
  'KEY-ROW-CHANGED': {
    what: 'A row of this key was changed in the database',
    why: 'Its authentication code does not match: somebody wrote to the database beside the server.',
    do: 'Find out who did. Put the row back from a backup; the key is not used until then.',
  },
  'KEY-UNWRAP': {
    what: 'The key does not open under its parent',
    why: 'Its row is damaged or belongs to another key.',
    do: 'Put the database back from a backup, or import the bundle of this key again.',
  },
  'ENVELOPE-MALFORMED': {
    what: 'The ciphertext is not of this server’s form',
    why: 'It is cut off, damaged, or was made by another program.',
    do: 'Send the ciphertext exactly as the server gave it, in standard padded base64.',
  },
  'ENVELOPE-KEY': {
    what: 'The ciphertext was made with another key',
    why: 'It names its key, version and algorithm.',
    do: 'Ask the key that encrypted it to decrypt it.',
  },
  'ENVELOPE-COMMITMENT': {
    what: 'The ciphertext was not made with this key',
    why: 'Its commitment is to other key bytes.',
    do: 'Do not use it: it was changed, or comes from another server. Fetch it again from where it is kept.',
  },
  'ENVELOPE-TAG': {
    what: 'The ciphertext cannot be authenticated',
    why: 'It, its additional data or its project is not as it was at encryption.',
    do: 'Send the same additional data (aad) as at encryption. If it was the same, the ciphertext was changed: fetch it again.',
  },
} as const
