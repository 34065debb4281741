/**
 * The English texts of the probe, of the evidence levels and of the doctor, by the names that translations use. Names in braces are the same in every
 * language: attributes, mechanisms, return codes, profiles, attacks.
 */
export const sayings = {
  'does-not-wrap': 'the KEK does not wrap: {{answer}}',
  'decrypt-refused': 'setting DECRYPT: {{set}}; decrypting: {{answer}}',
  'decrypt-set': 'DECRYPT could be set, and decrypting is refused: {{answer}}',
  'decrypted-bytes': 'the KEK decrypted a wrapped key to its bytes by {{mechanism}}',
  'decrypted-other': 'decrypting gave other bytes',
  'unwrap-refused': 'refused: {{answer}}',
  'unwrap-readable': 'the key’s bytes can be read',
  'unwrap-extractable': 'the key came back extractable',
  'unwrap-leaves': 'the key came back as if not extractable, and leaves under a known key by {{mechanisms}}',
  'unwrap-safe': 'the key came back sensitive and not extractable',
  'copy-weaker': 'a copy was made with a weaker {{attribute}}',
  'copies-refused': 'copies refused or unchanged: {{answers}}',
  'copies-unchanged': 'copies are unchanged',
  'was-changed': '{{attribute}} was changed',
  'changes-refused': 'changes refused: {{answers}}',
  'changes-unsaid': 'changes refused without a code',
  'wraps-otherwise': 'the KEK also wraps by {{mechanisms}}',
  'wraps-once': 'the KEK wraps by one mechanism only',
  'kek-as-asked': 'all {{number}} attributes of the KEK are as asked for',
  'kek-differs': '{{attribute}} of the KEK is {{actual}}, asked for {{expected}}',
  'value-refused': 'reading the KEK’s bytes is refused: {{answer}}',
  'value-absent': 'the KEK’s bytes are not given out',
  'value-read': 'the KEK’s own bytes can be read',
  'kek-wrapped': 'the KEK itself leaves, wrapped under a known key by {{mechanisms}}',
  'kek-not-wrapped': 'wrapping the KEK itself is refused: {{answers}}',
  'kek-used': 'the KEK can be used otherwise: {{ways}}',
  'kek-not-used': 'other uses are refused: {{answers}}',
  'blob-mistaken': 'a wrapped key was unwrapped to another one',
  'blob-tampered': 'a changed blob was unwrapped to a key',
  'blob-refused': 'changed blobs are refused: {{answers}}',
  'blob-without-integrity': 'the mechanism has no integrity to attack',
  'open-root-differs': '{{attribute}} of an open root is {{actual}}, which was not asked for',
  'open-root-wrapped': 'an open root leaves to a key that nobody trusts, by {{mechanisms}}',
  'open-root-kept': 'an open root stays: {{answers}}',
  'no-open-root': 'no open root is made, so no trusted window: {{answer}}',
  'no-transport': 'no transport pair takes a root in, so none comes by a trusted window: {{answer}}',
  'transport-differs': '{{attribute}} of a transport key is {{actual}}, which was not asked for',
  'transport-readable': 'a root that a transport key unwrapped can be read',
  'transport-weaker': 'a transport key unwrapped a root whose {{attribute}} is {{actual}}',
  'transport-leaves': 'a root that a transport key unwrapped leaves under a known key by {{mechanisms}}',
  'transport-decrypts': 'a transport key decrypts what it may only unwrap',
  'transport-changed': '{{attribute}} of a transport key was changed',
  'transport-kept': 'a transport key takes in a hardened root and nothing weaker: {{answers}}',
  'not-decided': 'not decided: the token answers {{answers}}, and to what is allowed as well',
  'answer-known': 'gives the known answers of {{standard}}',
  'answer-known-padded':
    'gives the known answers of {{standard}}; other lengths than whole blocks are padded with zeros first',
  'answer-refused': 'refused: {{answers}}',
  'known-key-refused':
    'no known key comes in, neither in the clear nor by RSA-OAEP: {{answer}}. Let the token take keys in by one of the two while it is probed',
  'answer-none': 'gives no known answer',
  'answer-without-integrity':
    'gives the known answer of AES-CBC with padding, which has no integrity: not used for keys',
  'attributes-compared': '{{number}} attributes',
  'attributes-uncompared': '{{number}} attributes read, none compared',
  'not-probed': 'not probed',
  'template-held': 'the hardened template held',
  'template-broke': 'the hardened template did not hold',
  'probed-in-ceremony': 'in a ceremony on {{date}}',
  'probed-in-rehearsal': 'in a rehearsal on {{date}}',
  'attacks-worked': 'worked: {{attacks}}',
  'attacks-undecided': 'not decided: {{attacks}}',
  'lacks-wrap': 'lacks a wrap mechanism with a known answer',
  'lacks-attributes': 'lacks {{attributes}}',
  'never-passes':
    '{{profile}} has no KW or KWP to attack, so no probe of it passes and its keys stay at E0, attested or not',
  'profile-unknown': 'no profile knows this token',
  'soft-token': 'a soft token',
  'not-on-hardware': 'not run on hardware by us',
  'no-companion': 'no companion signed',
  'companion-unattested': 'the companion is not attested',
  'key-unattested': 'not attested: {{how}}',
  'role-root': 'root',
  'role-ceremony': 'ceremony',
  'role-backup': 'backup',
  'role-server': 'server',
  'role-officer': 'officer',
  'role-companion': 'companion',
  'able-yes': 'yes',
  'able-no': 'no',
  'able-unproved': 'unproved',
  'doctor-token': 'maker, model',
  'doctor-tried': 'tried',
  'doctor-helps': 'would help',
  'doctor-left': 'left on it',
  'doctor-signed': 'signed',
  'doctor-library': 'library',
  'is-token': '{{maker}}, {{model}}; firmware {{firmware}}; profile {{profile}}',
  'tried-keys': 'on keys that were destroyed again',
  'untried-scratch': 'no: the token was not declared as scratch',
  'untried-damaged': 'no: some of its objects cannot be read',
  'untried-short':
    'no: a key on it has the identifier {{id}}, which may be its place: no key is made beside it',
  answered: '{{answer}}',
  'signature-wrong': 'its signature does not verify',
  'sealing-wrong': 'what was sealed is not opened',
  'statement-wrong': 'its statement does not verify',
  'no-root': 'there is no root',
  'no-root-above': 'there is no root to wrap it under',
  'no-window': 'the root leaves by no trusted window',
  unlisted: 'it does not list {{abilities}}',
  'unable-keyWrapping': '{{profile}} makes no AES key that wraps others by KW or KWP',
  'unable-sealing': '{{profile}} has no AES-GCM, so it cannot seal the second half of a ceremony key',
  'unable-trustedWindow':
    '{{profile}} does not enforce trusted wrapping keys, so the root cannot leave it safely',
  'unable-yubihsm-keyWrapping':
    '{{profile}} makes no root: a root needs UNWRAP_TEMPLATE and ALLOWED_MECHANISMS, which it does not take, and it wraps by AES-CCM only',
  'unable-yubihsm-sealing':
    '{{profile}} makes no ceremony key: it has no AES-GCM to seal the second half of one',
  'unable-smartcard-hsm-keyWrapping':
    '{{profile}} makes no root: it makes no AES key through PKCS #11 (C_GenerateKey), and wraps none',
  'unable-smartcard-hsm-sealing':
    '{{profile}} makes no ceremony key: it has no AES-GCM to seal the second half of one',
  'unable-cloudhsm-keyWrapping':
    '{{profile}} makes no root: a root needs ALLOWED_MECHANISMS, which it does not take, so that its keys wrap by several mechanisms',
  'unable-cloudhsm-sealing':
    '{{profile}} makes no ceremony key: the probe before it attacks a root, which needs ALLOWED_MECHANISMS, and it does not take that',
  'help-initialise': 'it was never initialised: {{how}}',
  'help-protected': 'it is write-protected: lift that',
  'help-pin': 'the user PIN is {{state}}',
  'help-replication': 'a key reaches another token of the kind by {{way}}',
  'help-so': 'its security officer makes keys: give that PIN too',
  'left-nothing': 'nothing: its contents are the same',
  'left-something': 'SOMETHING: its contents differ',
  'signed-by': 'by {{name}}, key {{key}}',
  'signed-none': 'by nobody: anyone can have written it',
} as const

export type SayingId = keyof typeof sayings

/** One saying with its names filled in. */
export type Said = { readonly id: SayingId; readonly values: Readonly<Record<string, string>> }

export function said(id: SayingId, values: Said['values'] = {}): Said {
  return { id, values }
}

/** In English. Throws RangeError where a name is missing. */
export function sayingText({ id, values }: Said): string {
  return sayings[id].replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => {
    const value = values[name]
    if (value === undefined) throw new RangeError(`saying ${id}: ${name} is missing`)
    return value
  })
}
