import { Type } from '@fastify/type-provider-typebox'
import type { ApprovalRequest } from '../../access/approvals.ts'
import type { Grant } from '../../access/authorize.ts'
import { conditions } from '../../access/conditions.ts'
import type { Credential, MadeApiKey } from '../../access/credentials.ts'
import { warningsOf } from '../../access/duties/rules.ts'
import { grantOf } from '../../access/fields.ts'
import { factors, identityKinds, type Listed } from '../../access/identities.ts'
import type { Organisation, Parents, Project } from '../../access/organisations.ts'
import type { Enrolment } from '../../access/people.ts'
import { roles } from '../../access/role-names.ts'
import type { Authenticator } from '../../access/webauthn/authenticators.ts'
import type { App } from '../../platform/http/app-type.ts'
import { count, document, names, orNull, text, time } from '../../platform/http/reply.ts'
import type { Services } from '../../services.ts'
import { openRest } from './rest.ts'

type Parts = Pick<
  Services,
  | 'organisations'
  | 'people'
  | 'roles'
  | 'credentials'
  | 'reviews'
  | 'approvals'
  | 'overrides'
  | 'authenticators'
  | 'breakGlass'
  | 'authentication'
>

const closed = { additionalProperties: false } as const
const done = <Word extends string>(word: Word) => ({
  reply: Type.Object({ [word]: Type.Boolean() }),
  show: () => ({ [word]: true }),
})

export const credentials = Type.Object({ id: text, clientId: text, clientSecret: text })
export const enrolment = Type.Object({ identityId: text, username: text, code: text, expiresAt: time })
export const toEnrolment = ({ identity, expiresAt, ...rest }: Enrolment) => ({
  ...rest,
  identityId: identity,
  expiresAt: expiresAt.toISOString(),
})

/** DUTY-NONE-SPARE: what is given, and is unwise. */
export const warned = { warnings: Type.Optional(Type.Array(text)) }
export function warningIn(grants: readonly Grant[]): { readonly warnings?: string[] } {
  const warnings = warningsOf(grants)
  return warnings.length === 0 ? {} : { warnings: [...warnings] }
}

/** Conditions as they are shown: those that hold for nothing too. */
const shownConditions = Type.Object(
  { ...conditions.properties, unreadable: Type.Optional(Type.Literal(true)) },
  closed,
)
/** A role as it was given. */
export const grantView = {
  role: Type.Enum([...roles]),
  organisationId: orNull(text),
  projectId: orNull(text),
}
export const identityView = Type.Object({
  id: text,
  name: text,
  username: orNull(text),
  invited: Type.Boolean(),
  kind: Type.Enum([...identityKinds]),
  factor: orNull(Type.Enum([...factors])),
  revokedAt: orNull(time),
  createdAt: time,
  grants: Type.Array(
    Type.Object({
      ...grantView,
      organisationName: orNull(text),
      projectName: orNull(text),
      conditions: orNull(shownConditions),
    }),
  ),
})
export const toPlaced = ({ role, organisation, project }: Grant) => ({
  role,
  organisationId: organisation,
  projectId: project,
})
export const toIdentity = ({ grants, revokedAt, createdAt, ...rest }: Listed) => ({
  ...rest,
  revokedAt: revokedAt?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
  grants: grants.map(({ organisationName, projectName, ...grant }) => ({
    ...toPlaced(grant),
    organisationName,
    projectName,
    conditions: grant.conditions ?? null,
  })),
})

/** Who may be where, and who may do what. */
export function accessRoutes(app: App, parts: Parts): void {
  organisationRoutes(app, parts)
  identityRoutes(app, parts)
  credentialRoutes(app, parts)
  reviewRoutes(app, parts)
  authenticatorRoutes(app, parts)
  approvalRoutes(app, parts)
}

function organisationRoutes(app: App, { organisations, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const organisation = Type.Object({ id: text, name: text, ceremonyOnly: Type.Boolean(), createdAt: time })
  const project = Type.Object({ id: text, name: text, organisationId: text, createdAt: time })
  const version = {
    version: count,
    state: text,
    origin: Type.Enum(['ceremony', 'online']),
    bundleDigest: orNull(text),
    createdAt: time,
  }
  const toOrganisation = ({ id, name, ceremony_only, created_at }: Organisation) => ({
    id,
    name,
    ceremonyOnly: ceremony_only,
    createdAt: created_at.toISOString(),
  })
  const toProject = ({ id, name, organisation_id, created_at }: Project) => ({
    id,
    name,
    organisationId: organisation_id,
    createdAt: created_at.toISOString(),
  })
  const toVersion = ({ bundle_digest, created_at, ...one }: Parents['roots' | 'organisation'][number]) => ({
    version: one.version,
    state: one.state,
    origin: one.origin,
    bundleDigest: bundle_digest,
    createdAt: created_at.toISOString(),
  })

  at(organisations.createOrganisation, 'POST /api/v1/organisations', {
    summary: 'Create an organisation',
    reply: Type.Object({ organisation }),
    show: (made) => ({ organisation: toOrganisation(made) }),
  })
  at(organisations.listOrganisations, 'GET /api/v1/organisations', {
    summary: 'List organisations',
    reply: Type.Object({ organisations: Type.Array(organisation) }),
    show: (found) => ({ organisations: found.map(toOrganisation) }),
  })
  at(organisations.createProject, 'POST /api/v1/projects', {
    summary: 'Create a project',
    reply: Type.Object({ project }),
    show: (made) => ({ project: toProject(made) }),
  })
  at(organisations.listProjects, 'GET /api/v1/projects', {
    summary: 'List the projects of an organisation',
    reply: Type.Object({ projects: Type.Array(project) }),
    show: (found) => ({ projects: found.map(toProject) }),
  })
  at(organisations.readParents, 'GET /api/v1/organisations/:organisationId/parents', {
    summary: 'Read what an organisation’s keys are wrapped by',
    reply: Type.Object({
      roots: Type.Array(Type.Object(version)),
      organisation: Type.Array(Type.Object(version)),
      projects: Type.Array(Type.Object({ projectId: text, ...version })),
    }),
    show: (found) => ({
      roots: found.roots.map(toVersion),
      organisation: found.organisation.map(toVersion),
      projects: found.projects.map((one) => ({ projectId: one.project_id, ...toVersion(one) })),
    }),
  })
}

function identityRoutes(app: App, { organisations, people, roles, breakGlass, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const ended = { reply: Type.Object({ ended: count }), show: (ended: { readonly ended: number }) => ended }
  const enrols = {
    reply: Type.Object({ enrolment }),
    show: (made: Enrolment) => ({ enrolment: toEnrolment(made) }),
  }

  at(organisations.listIdentities, 'GET /api/v1/identities', {
    summary: 'List identities',
    reply: Type.Object({
      identities: Type.Array(Type.Object({ ...identityView.properties, lastSeen: orNull(time) })),
      ...{ totalCount: count, allCount: count, withoutFactor: count },
    }),
    show: ({ identities, ...counts }) => ({
      identities: identities.map(({ lastSeen, ...one }) => ({
        ...toIdentity(one),
        lastSeen: lastSeen?.toISOString() ?? null,
      })),
      ...counts,
    }),
  })
  at(organisations.createIdentity, 'POST /api/v1/identities', {
    summary: 'Create a machine identity',
    reply: Type.Object({ identity: credentials, ...warned }),
    show: ({ identity, ...rest }, { grants }) => ({
      identity: { id: identity, ...rest },
      ...warningIn(grants.map(grantOf)),
    }),
    as: { ttlSeconds: 'tokenTtlSeconds' },
  })
  at(organisations.revokeIdentity, 'POST /api/v1/identities/:identityId/revoke', {
    summary: 'Revoke an identity',
    ...done('revoked'),
  })
  at(organisations.logOutEverywhere, 'POST /api/v1/identities/:identityId/log-out', {
    summary: 'End every session and token of an identity',
    ...ended,
  })
  at(organisations.logOutOneself, 'POST /api/v1/auth/log-out-everywhere', {
    summary: 'End every session and token of one’s own',
    ...ended,
  })
  at(roles.give, 'POST /api/v1/identities/:identityId/roles', {
    summary: 'Give an identity one role more',
    reply: Type.Object({ given: Type.Boolean(), ...warned }),
    show: (_, wanted) => ({ given: true, ...warningIn([grantOf(wanted)]) }),
  })
  at(roles.take, 'DELETE /api/v1/identities/:identityId/roles', {
    summary: 'Take a role from an identity',
    ...done('taken'),
  })
  at(people.invite, 'POST /api/v1/people', {
    summary: 'Invite a person',
    reply: Type.Object({ enrolment, ...warned }),
    show: (made, { grants }) => ({ enrolment: toEnrolment(made), ...warningIn(grants.map(grantOf)) }),
  })
  at(people.reset, 'POST /api/v1/people/:identityId/reset', {
    summary: 'Let a person enrol again',
    ...enrols,
  })
  at(people.changePassword, 'POST /api/v1/auth/password/change', {
    summary: 'Change one’s own password',
    ...done('changed'),
    as: { old: 'password', password: 'newPassword' },
  })
  at(breakGlass.setBreakGlass, 'PUT /api/v1/people/:identityId/break-glass', {
    summary: 'Let a person log in by password where single sign-on is required',
    reply: Type.Object({ breakGlass: Type.Boolean() }, closed),
    show: (_, { on }) => ({ breakGlass: on }),
    as: { on: 'breakGlass' },
  })
  at(breakGlass.requireSignOn, 'PUT /api/v1/sign-on/required', {
    summary: 'Require single sign-on, or no longer',
    reply: Type.Object({ required: Type.Boolean() }, closed),
    show: (_, { required }) => ({ required }),
  })
}

function credentialRoutes(app: App, { credentials: its, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/identities/:identityId'
  const as = { id: 'credentialId' }
  const credential = Type.Object({
    id: text,
    kind: Type.Enum(['client-secret', 'token', 'api-key']),
    name: orNull(text),
    createdAt: time,
    expiresAt: orNull(time),
  })
  const toCredential = ({ createdAt, expiresAt, ...rest }: Credential) => ({
    ...rest,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
  })
  const apiKey = {
    reply: Type.Object({
      apiKey: Type.Object({
        id: text,
        token: text,
        expiresAt: time,
        aws: Type.Object({ accessKeyId: text, secretAccessKey: text }),
      }),
    }),
    show: ({ expiresAt, ...made }: MadeApiKey) => ({
      apiKey: { ...made, expiresAt: expiresAt.toISOString() },
    }),
  }

  at(its.list, `GET ${base}/credentials`, {
    summary: 'List the credentials of an identity',
    reply: Type.Object({ credentials: Type.Array(credential) }),
    show: (found) => ({ credentials: found.map(toCredential) }),
  })
  at(its.addSecret, `POST ${base}/client-secrets`, {
    summary: 'Add a client secret',
    reply: Type.Object({ clientSecret: credentials }),
    show: (clientSecret) => ({ clientSecret }),
  })
  at(its.addApiKey, `POST ${base}/api-keys`, { summary: 'Make an API key', ...apiKey })
  at(its.rotateApiKey, `POST ${base}/api-keys/:credentialId/rotate`, {
    summary: 'Replace an API key',
    ...apiKey,
    as,
  })
  at(its.revoke, `DELETE ${base}/credentials/:credentialId`, {
    summary: 'Revoke a credential',
    ...done('revoked'),
    as,
  })
}

function reviewRoutes(app: App, { reviews, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const review = Type.Object({
    payload: Type.Object({
      v: count,
      kind: text,
      audience: text,
      id: text,
      organisation: orNull(text),
      reviewer: text,
      time,
      access: text,
      identities: count,
      roles: count,
    }),
    signatures: Type.Array(document),
  })
  const role = {
    role: text,
    projectId: orNull(text),
    projectName: orNull(text),
    conditions: orNull(document),
  }
  const access = {
    identityId: text,
    name: text,
    username: orNull(text),
    invited: Type.Boolean(),
    lastUse: orNull(time),
    roles: Type.Array(Type.Object(role)),
  }

  at(reviews.list, 'GET /api/v1/access', {
    summary: 'List who has access',
    reply: Type.Object({ digest: text, access: Type.Array(Type.Object(access)) }),
    show: ({ digest, access }) => ({
      digest,
      access: access.map(({ identity, lastUse, roles, ...rest }) => ({
        ...rest,
        identityId: identity,
        lastUse: lastUse?.toISOString() ?? null,
        roles: roles.map(({ project, ...role }) => ({ ...role, projectId: project })),
      })),
    }),
  })
  at(reviews.signOff, 'POST /api/v1/access-reviews', {
    summary: 'Sign an access review off',
    reply: Type.Object({ review }),
    show: (review) => ({ review }),
  })
  at(reviews.reviews, 'GET /api/v1/access-reviews', {
    summary: 'List access reviews',
    reply: Type.Object({ reviews: Type.Array(review) }),
    show: (reviews) => ({ reviews }),
  })
}

function authenticatorRoutes(app: App, { authenticators, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/authenticators'
  const authenticator = Type.Object({ id: text, name: text, createdAt: time, usedAt: orNull(time) })
  const toView = ({ createdAt, usedAt, ...rest }: Authenticator) => ({
    ...rest,
    createdAt: createdAt.toISOString(),
    usedAt: usedAt?.toISOString() ?? null,
  })

  at(authenticators.list, `GET ${base}`, {
    summary: 'List one’s own authenticators',
    reply: Type.Object({ authenticators: Type.Array(authenticator) }),
    show: (found) => ({ authenticators: found.map(toView) }),
  })
  at(authenticators.begin, `POST ${base}/challenge`, {
    summary: 'Begin to add an authenticator',
    reply: Type.Object({ options: document }),
    show: (options) => ({ options }),
  })
  at(authenticators.add, `POST ${base}`, {
    summary: 'Add an authenticator',
    reply: Type.Object({ authenticator }),
    show: (made) => ({ authenticator: toView(made) }),
  })
  at(authenticators.remove, `DELETE ${base}/:authenticatorId`, {
    summary: 'Remove an authenticator',
    ...done('removed'),
    as: { id: 'authenticatorId' },
  })
}

function approvalRoutes(app: App, { approvals, overrides, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/approval-requests'
  const override = Type.Object({
    policy: text,
    until: time,
    signed: orNull(Type.Object({ officers: Type.Array(text), at: time, from: time })),
    stopped: orNull(Type.Object({ by: text, at: time })),
  })
  const request = Type.Object({
    id: text,
    identity: text,
    operation: text,
    organisation: orNull(text),
    project: orNull(text),
    key: orNull(text),
    asked: text,
    state: Type.Enum(['waiting', 'approved', 'refused', 'used', 'expired']),
    needed: count,
    approvers: Type.Array(text),
    decisions: Type.Array(Type.Object({ identity: text, approves: Type.Boolean(), decidedAt: time })),
    names,
    override: orNull(override),
    createdAt: time,
    expiresAt: time,
  })
  const toView = ({ createdAt, expiresAt, decisions, ...rest }: ApprovalRequest) => ({
    ...rest,
    decisions: decisions.map((one) => ({ ...one, decidedAt: one.decidedAt.toISOString() })),
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  })
  const decided = {
    reply: Type.Object({ request }),
    show: (made: ApprovalRequest) => ({ request: toView(made) }),
    as: { id: 'requestId' },
  }

  at(approvals.list, `GET ${base}`, {
    summary: 'List requests for approval',
    reply: Type.Object({ requests: Type.Array(request) }),
    show: (found) => ({ requests: found.map(toView) }),
  })
  at(approvals.approve, `POST ${base}/:requestId/approve`, { summary: 'Approve a request', ...decided })
  at(approvals.refuse, `POST ${base}/:requestId/refuse`, { summary: 'Refuse a request', ...decided })
  const as = { id: 'requestId' } as const
  at(overrides.askOfficers, `POST ${base}/:requestId/ask-officers`, {
    summary: 'Ask the ceremony’s officers to stand in for approvers',
    reply: Type.Object({ signatureRequest: document }),
    show: (signatureRequest) => ({ signatureRequest }),
    as,
  })
  at(overrides.override, `POST ${base}/:requestId/override`, {
    summary: 'Hand in what the officers signed',
    reply: Type.Object({ override }),
    show: (made) => ({ override: made }),
    as,
  })
  at(overrides.stopOverride, `POST ${base}/:requestId/stop-override`, {
    summary: 'Stop what the officers signed for',
    ...done('stopped'),
    as,
  })
}
