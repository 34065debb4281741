import type { CheckId } from './checks.ts'

export const frameworkIds = ['pci-dss', 'soc2', 'hipaa'] as const
export type FrameworkId = (typeof frameworkIds)[number]

type Control = {
  readonly id: string
  /** In our own words: the standard's text is its publisher's. */
  readonly title: string
  readonly checks: readonly CheckId[]
  readonly notSeen: readonly string[]
}

type Framework = {
  readonly name: string
  readonly edition: string
  /** How long audit entries are kept. */
  readonly retentionDays: number
  readonly controls: readonly Control[]
}

const control = (
  id: string,
  title: string,
  checks: readonly CheckId[],
  ...notSeen: readonly string[]
): Control => ({ id, title, checks, notSeen })

const approved = 'Whether the documents exist, are approved and are followed.'
const factor = 'By how many factors people prove themselves to a provider of identities.'
const rooms = 'Rooms, safes, seals and who had which key of them.'

export const frameworks: Readonly<Record<FrameworkId, Framework>> = {
  'pci-dss': {
    name: 'PCI DSS',
    edition: '4.0.1',
    retentionDays: 365,
    controls: [
      control(
        '3.6.1.1',
        'The cryptographic architecture is described: keys, algorithms, strength, devices',
        ['inventory', 'hierarchy'],
        'Keys that are kept outside of this server.',
        approved,
      ),
      control(
        '3.6.1.2',
        'Stored keys are wrapped by a key as strong, kept in a secure device, or held as shares',
        ['hierarchy', 'custodians', 'exports'],
        'Copies that were made outside of this server.',
      ),
      control(
        '3.6.1.3',
        'As few people as possible can reach a key in the clear',
        ['custodians', 'exports', 'grants'],
        'Whether that number is as small as your work allows.',
      ),
      control(
        '3.6.1.4',
        'Keys are kept in as few places as possible',
        ['hierarchy', 'backups', 'exports'],
        rooms,
      ),
      control('3.7.1', 'Strong keys are generated', ['generation', 'inventory'], approved),
      control('3.7.2', 'Keys are distributed securely', ['imports', 'exports'], approved),
      control('3.7.3', 'Keys are stored securely', ['hierarchy', 'backups'], rooms, approved),
      control(
        '3.7.4',
        'Keys are changed at the end of their period of use',
        ['rotation'],
        'Whether the periods fit what the keys protect.',
      ),
      control(
        '3.7.5',
        'Keys are retired, replaced or destroyed when they are weakened or no longer needed',
        ['retirement'],
        'What people know of a key and did not tell the server.',
        'Destroyed here (S0) leaves copies in bundles and backups.',
      ),
      control(
        '3.7.6',
        'Split knowledge and dual control where people handle keys in the clear',
        ['dual-control', 'custodians', 'approvals'],
        'What people did in the room besides what the transcript says.',
      ),
      control('3.7.7', 'Keys cannot be replaced without being noticed', ['imports', 'audit-integrity']),
      control(
        '3.7.8',
        'Custodians acknowledge their duties',
        ['custodians'],
        'The statement that each custodian signs: the server stores acknowledgements of shares alone.',
      ),
      control('7.2.1', 'Access follows roles and the least that work needs', ['grants'], approved),
      control('7.2.4', 'Access is reviewed at least every six months', ['access-reviews', 'grants']),
      control('7.2.5', 'Programs have the least that they need', ['grants', 'credentials']),
      control('8.2.1', 'Everybody has an identity of his own', ['people'], 'Whether people share one.'),
      control('8.2.6', 'Identities that nobody used for 90 days are taken out', ['idle']),
      control('8.3.1', 'People log in with proof', ['people', 'log-ins'], factor),
      control(
        '8.4.2',
        'People log in with more than one factor',
        ['people'],
        'The systems around this server.',
        factor,
      ),
      control('8.6.3', 'Secrets of programs are changed', ['credentials']),
      control('10.2.1', 'What is done is recorded', ['use', 'changes'], 'The systems around this server.'),
      control('10.2.1.4', 'Refused attempts are recorded', ['refusals', 'log-ins']),
      control('10.3.2', 'The audit log cannot be changed', ['audit-integrity'], 'Who owns the database.'),
      control('10.3.4', 'A change of the audit log is noticed', ['audit-integrity']),
      control(
        '10.4.1',
        'The audit log is looked at',
        [],
        'Who looked at it, when, and what was done about it.',
      ),
      control(
        '10.5.1',
        'The audit log is kept for a year',
        ['audit-retention'],
        'Copies that were shipped out.',
      ),
      control('10.6.1', 'Clocks agree', [], 'The clock of this machine and what it follows.'),
      control('12.3.3', 'Algorithms in use are listed and looked at once a year', ['inventory'], approved),
    ],
  },
  soc2: {
    name: 'SOC 2',
    edition: 'Trust Services Criteria 2017, points of focus 2022',
    retentionDays: 365,
    controls: [
      control('CC1.3', 'Duties are kept apart', ['grants', 'dual-control'], approved),
      control(
        'CC4.1',
        'Controls are watched',
        ['audit-integrity'],
        'Who reads these reports, and what follows.',
      ),
      control(
        'CC6.1',
        'Access to what is protected is restricted, and keys are protected',
        ['grants', 'people', 'inventory', 'hierarchy', 'rotation', 'exports'],
        'The systems around this server.',
        factor,
      ),
      control('CC6.2', 'People and programs are registered before they get access, and taken out after', [
        'people',
        'credentials',
        'changes',
        'idle',
      ]),
      control('CC6.3', 'Access follows roles, and is reviewed', ['grants', 'access-reviews']),
      control('CC6.4', 'Rooms and devices are entered by those alone who may', [], rooms),
      control('CC6.5', 'What is no longer needed is destroyed', ['retirement'], 'Media and machines.'),
      control('CC6.6', 'Access from outside is defended', ['log-ins', 'sessions'], 'Networks and firewalls.'),
      control(
        'CC6.7',
        'Data and keys are protected on their way',
        ['imports', 'exports'],
        'Other connections.',
      ),
      control(
        'CC7.2',
        'What is unusual is noticed',
        ['refusals', 'log-ins'],
        'Who was told, and what was done.',
      ),
      control('CC7.3', 'Incidents are judged', [], 'Your register of incidents.'),
      control(
        'CC8.1',
        'Changes are approved',
        ['dual-control', 'approvals', 'changes'],
        'Changes of programs and machines.',
      ),
      control('A1.2', 'There are backups', ['backups'], 'Backups of the database and of the machine.'),
      control('A1.3', 'Restoring is tried', [], 'Exercises of restoring.'),
      control(
        'C1.1',
        'What is confidential is protected',
        ['inventory', 'hierarchy'],
        'Which data is confidential.',
      ),
      control('C1.2', 'What is confidential is destroyed in the end', ['retirement'], 'Copies and backups.'),
      control('PI1.5', 'What is stored is whole', ['audit-integrity', 'audit-retention']),
    ],
  },
  hipaa: {
    name: 'HIPAA Security Rule',
    edition: '45 CFR 164 subpart C',
    // Six years: 164.316(b)(2)(i).
    retentionDays: 6 * 365,
    controls: [
      control('164.308(a)(1)(ii)(A)', 'Risks are analysed', [], 'Your analysis of risks.'),
      control('164.308(a)(1)(ii)(D)', 'Records of activity are reviewed', [
        'audit-integrity',
        'access-reviews',
      ]),
      control(
        '164.308(a)(3)(ii)(A)',
        'Work with protected data is authorised',
        ['grants', 'approvals'],
        approved,
      ),
      control('164.308(a)(3)(ii)(C)', 'Access ends when work ends', ['idle', 'changes'], 'Who has left.'),
      control('164.308(a)(4)(ii)(C)', 'Access is established and modified', [
        'grants',
        'changes',
        'access-reviews',
      ]),
      control('164.308(a)(5)(ii)(C)', 'Log-ins are watched', ['log-ins', 'refusals'], 'Who watches.'),
      control('164.308(a)(5)(ii)(D)', 'Passwords are managed', ['people', 'credentials'], approved),
      control('164.308(a)(7)(ii)(A)', 'There are backups', ['backups'], 'Backups of database and machine.'),
      control('164.308(a)(7)(ii)(D)', 'Plans for emergencies are tried', [], 'Your exercises.'),
      control('164.310(a)(1)', 'Access to rooms is limited', [], rooms),
      control('164.310(d)(2)(i)', 'Media are disposed of', ['retirement'], 'Media and machines.'),
      control('164.312(a)(1)', 'Only those who may have access', ['grants', 'people']),
      control(
        '164.312(a)(2)(i)',
        'Everybody has an identity of his own',
        ['people'],
        'Whether people share one.',
      ),
      control('164.312(a)(2)(ii)', 'There is a way in emergencies', ['custodians', 'backups'], approved),
      control('164.312(a)(2)(iii)', 'A log-in ends by itself', ['sessions'], 'Other programs and screens.'),
      control(
        '164.312(a)(2)(iv)',
        'Protected data is encrypted',
        ['inventory', 'hierarchy', 'rotation', 'use'],
        'Which data is encrypted with these keys, and which is not.',
      ),
      control('164.312(b)', 'What is done is recorded', ['use', 'changes', 'audit-integrity']),
      control('164.312(c)(1)', 'Data is not changed or destroyed wrongly', ['retirement', 'audit-integrity']),
      control('164.312(d)', 'Who asks is who he says', ['people', 'log-ins'], factor),
      control(
        '164.312(e)(2)(ii)',
        'Data is encrypted on its way',
        [],
        'Connections of the programs that call.',
      ),
      control('164.316(b)(2)(i)', 'Records are kept for six years', ['audit-retention'], 'Your documents.'),
    ],
  },
}
