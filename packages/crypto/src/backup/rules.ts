/** Every rule by which a backup's share or medium is refused, and what it says: what the page of assurance lists. */
export const backupRules: Readonly<Record<string, string>> = {
  'BACKUP-CHECKSUM': 'the words of a share have their check',
  'BACKUP-COMMITMENT': 'a share is the one that was dealt',
  'BACKUP-DIGEST': 'shares that are combined hold the digest of their secret',
  'BACKUP-ENTROPY': 'no two draws of a dealing are alike, and an identifier that was never used is found',
  'BACKUP-EXPONENT': 'a share asks for at most 160,000 iterations',
  'BACKUP-GROUPS': 'a share asks for no more groups than there are',
  'BACKUP-MEDIUM-HEADER': 'a medium’s header has exactly its members, in canonical form',
  'BACKUP-MEDIUM-INTEGRITY':
    'a medium opens with the secret of its shares, unchanged, and holds what its header says',
  'BACKUP-MEDIUM-LENGTH': 'a medium is whole and no longer than it can be',
  'BACKUP-MEDIUM-TYPE': 'a medium is a sealed backup',
  'BACKUP-PADDING': 'the bits before a share’s value are zero',
  'BACKUP-SET-OTHER': 'shares that are combined or checked are of one backup',
  'BACKUP-SHARE-KIND': 'a share is of one group, extendable, with exponent 0, and is not the whole secret',
  'BACKUP-SHARE-OTHER': 'a share is the expected custodian’s',
  'BACKUP-SHARE-TWICE': 'no share counts twice',
  'BACKUP-SHARES-DISAGREE': 'shares beyond the threshold agree with those before',
  'BACKUP-SHARES-FEW': 'as many shares as the threshold are combined',
  'BACKUP-WORD': 'every word of a share is in the list',
  'BACKUP-WORDS-COUNT': 'a share has its number of words, 33 in a backup',
}
