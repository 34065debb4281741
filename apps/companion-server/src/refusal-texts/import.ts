/** Policies, and bundles that are taken in. */
export const importTexts = {
  'POLICY-MISSING': {
    what: 'No policy is pinned',
    why: 'A bundle is judged by a policy that this server was given by hand, never by what the bundle says.',
    do: 'Compare the words of the policy with the officers’ sheet and run “custody-server trust POLICY”.',
  },
  'POLICY-SUPERSEDED': {
    what: 'The bundle is under a policy that a newer one has replaced',
    why: 'This server takes bundles in under its newest policy alone: whom that one left out signs nothing here any more.',
    do: 'Have the bundle made again under the newest policy. Next time import what is on its way before “custody-server trust” takes the new version.',
  },
  'POLICY-DOMAIN': {
    what: 'The policy is of the other domain',
    why: 'Rehearsal and production never mix.',
    do: 'Give the policy of this server’s domain.',
  },
  'REHEARSAL-POLICY': {
    what: 'This server rehearses under another policy',
    why: 'Each rehearsal derives a policy of its own.',
    do: 'Make a server folder for this rehearsal: “custody-server --state DIR init --domain rehearsal --soft-token”.',
  },
  'PROJECT-ABSENT': {
    what: 'There is no such project',
    why: 'Projects come with bundles, and none of this name did.',
    do: 'Check the name, or import the bundle that brings the project.',
  },
  'BUNDLE-TOO-LARGE': {
    what: 'The bundle is too large',
    why: 'It is longer than this server takes.',
    do: 'Check that it is the right file. A ceremony of many keys can be split into several.',
  },
  'BUNDLE-VERIFY': {
    what: 'The bundle was not accepted',
    why: 'A check of it could not be run.',
    do: 'Run “custody verify BUNDLE --policy FILE” on it and do what the check that it names says.',
  },
  'IMPORT-BUSY': {
    what: 'Another bundle is being imported',
    why: 'Bundles are taken in one at a time.',
    do: 'Wait until that import has ended, then send this one again.',
  },
  'IMPORT-RUNNING': {
    what: 'The import has not ended',
    why: 'A receipt is signed when everything is in.',
    do: 'Ask again in a moment. If the import was cut short, send the same bundle once more: it goes on.',
  },
  'TRANSPORT-ABSENT': {
    what: 'The root key is not wrapped for this server',
    why: 'The plan named another server or node as its destination.',
    do: 'Make a transport card with “custody-server card --transport-out FILE” and run a ceremony that names it.',
  },
  'TRANSPORT-GONE': {
    what: 'The transport key of this ceremony is not here any more',
    why: 'It is destroyed at the first import, and belongs to one ceremony.',
    do: 'If this bundle was imported before, fetch its receipt. Else make a new transport card and run the ceremony again.',
  },
  'ROOT-SEAL': {
    what: 'The sealed root key cannot be opened',
    why: 'The blob is damaged, or not the one that the manifest names.',
    do: 'Get the bundle again from where it was sealed and compare its digest as words.',
  },
  'ROOT-UNWRAP': {
    what: 'The token cannot unwrap the root key',
    why: 'It was wrapped under another transport key, or is damaged.',
    do: 'Get the bundle again. If it is refused again, make a new transport card and tell the officers.',
  },
  'ROOT-ATTRIBUTES': {
    what: 'The root key that arrived has other attributes than planned',
    why: 'The token did not keep one of them, so the key was destroyed again.',
    do: 'Check the token’s profile and firmware against the plan; another token may be needed.',
  },
  'ROOT-POSSESSION': {
    what: 'Another root key arrived than the ceremony made',
    why: 'Its possession proof differs, so it was destroyed again.',
    do: 'Do not use this bundle. Tell the officers; get it again from where it was sealed.',
  },
  'ROOT-CURRENT': {
    what: 'This server serves under another root key',
    why: 'A bundle with a new root needs a rotation, which replaces every key under it.',
    do: 'Check that the bundle is for this server. For a new root make a server of its own.',
  },
  'WRAP-TREE': {
    what: 'The tree of wrapped keys is wrong',
    why: 'A key’s parent is missing or of another level.',
    do: 'Do not use this bundle; get it again, and tell the officers if it is refused again.',
  },
  'WRAP-TREE-BLOB': {
    what: 'A wrapped key is missing',
    why: 'The tree names a key whose file or parent is not in the bundle.',
    do: 'Do not use this bundle; get it again, and tell the officers if it is refused again.',
  },
  'WRAP-TREE-UNWRAP': {
    what: 'A wrapped key does not open under its parent, or is of another length than its algorithm’s',
    why: 'It is damaged, was wrapped under another key, or is not the key that the plan names.',
    do: 'Do not use this bundle; get it again, and tell the officers if it is refused again.',
  },
  'KEY-CONFLICT': {
    what: 'A key of this name is here with other content',
    why: 'A key that was imported is never replaced by another bundle.',
    do: 'Check that the bundle is for this server. Give the keys other ids in the plan, and run the ceremony again with a new transport card.',
  },
  'KEY-NAME-TAKEN': {
    what: 'The key’s name is taken in its project',
    why: 'Callers find keys by name, and two alike would be mixed up.',
    do: 'Give the key another name in the plan and run the ceremony again.',
  },
  'FHE-KEY-ABSENT': {
    what: 'The threshold key of this epoch was never imported',
    why: 'A next epoch follows one that this server has.',
    do: 'Import the bundle that dealt the key first, then this one.',
  },
  'FHE-EPOCH-OTHER': {
    what: 'The bundle’s epoch does not follow the one that is here',
    why: 'A bundle in between is missing, or two runs moved the key from the same epoch.',
    do: 'Import the bundles of this key in their order. If none is missing, ask the officers which run counts.',
  },
  'FHE-REQUEST-TAKEN': {
    what: 'A request of the ceremony was opened on this server too',
    why: 'A request is decrypted in one place only.',
    do: 'Do not import it. Tell the officers: the same request id was used twice.',
  },
} as const
