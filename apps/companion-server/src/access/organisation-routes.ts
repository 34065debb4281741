import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { App } from '../platform/http/app-type.ts'
import { granted } from '../platform/http/http-error.ts'
import { count, gives, open, orNull, text, time } from '../platform/http/reply.ts'
import { requireCall } from './caller.ts'
import { enrolment, grantList, grantsFrom, id, name } from './grant-fields.ts'
import type { Organisation, OrganisationOperations, Parents, Project } from './organisations.ts'
import { toEnrolment } from './people-routes.ts'
import { type Authentication, maxTokenTtl, minTokenTtl } from './tokens.ts'

const named = Type.Object({ name }, { additionalProperties: false })
const newProject = Type.Object({ organisationId: id, name }, { additionalProperties: false })
const ofOrganisation = Type.Object({ organisationId: id }, { additionalProperties: false })
const newIdentity = Type.Object(
  {
    name,
    grants: grantList,
    tokenTtlSeconds: Type.Optional(Type.Integer({ minimum: minTokenTtl, maximum: maxTokenTtl })),
  },
  { additionalProperties: false },
)
const setup = Type.Object(
  { code: Type.String({ minLength: 1, maxLength: 64 }), name, username: Type.Optional(name) },
  { additionalProperties: false },
)

const organisationView = Type.Object({ id: text, name: text, ceremonyOnly: Type.Boolean(), createdAt: time })
const projectView = Type.Object({ id: text, name: text, organisationId: text, createdAt: time })
const credentials = Type.Object({ id: text, clientId: text, clientSecret: text })
const parentVersion = {
  version: count,
  state: text,
  origin: Type.Enum(['ceremony', 'online']),
  bundleDigest: orNull(text),
  createdAt: time,
}

/** Set-up, organisations, projects and machine identities. */
export function organisationRoutes(
  app: App,
  {
    organisations,
    authentication,
  }: { readonly organisations: OrganisationOperations; readonly authentication: Authentication },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)

  app.post(
    '/api/v1/setup',
    {
      schema: {
        ...open,
        ...gives(
          'Make the first server admin',
          Type.Union([Type.Object({ enrolment }), Type.Object({ identity: credentials })]),
        ),
        body: setup,
      },
    },
    async (request) => {
      const asked = { door: 'http', reqId: request.id, source: request.ip } as const
      granted(authentication.roomForStranger(request.ip))
      const { admin, call } = granted(await organisations.setUp(request.body, asked))
      request.call = call
      return 'code' in admin ? { enrolment: toEnrolment(admin) } : { identity: toCredentials(admin) }
    },
  )

  app.post(
    '/api/v1/organisations',
    {
      schema: {
        ...gives('Create an organisation', Type.Object({ organisation: organisationView })),
        body: named,
      },
    },
    async (request) => {
      const call = await callOf(request)
      return {
        organisation: toOrganisation(
          granted(await organisations.createOrganisation(call, request.body.name)),
        ),
      }
    },
  )

  app.get(
    '/api/v1/organisations',
    {
      schema: {
        ...gives('List organisations', Type.Object({ organisations: Type.Array(organisationView) })),
      },
    },
    async (request) => {
      const call = await callOf(request)
      return { organisations: granted(await organisations.listOrganisations(call)).map(toOrganisation) }
    },
  )

  app.post(
    '/api/v1/projects',
    { schema: { ...gives('Create a project', Type.Object({ project: projectView })), body: newProject } },
    async (request) => {
      const call = await callOf(request)
      const { organisationId: organisation, name: wanted } = request.body
      return {
        project: toProject(granted(await organisations.createProject(call, { organisation, name: wanted }))),
      }
    },
  )

  app.get(
    '/api/v1/projects',
    {
      schema: {
        ...gives('List the projects of an organisation', Type.Object({ projects: Type.Array(projectView) })),
        querystring: ofOrganisation,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const found = await organisations.listProjects(call, request.query.organisationId)
      return { projects: granted(found).map(toProject) }
    },
  )

  app.post(
    '/api/v1/identities',
    {
      schema: {
        ...gives('Create a machine identity', Type.Object({ identity: credentials })),
        body: newIdentity,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { name: wanted, grants, tokenTtlSeconds } = request.body
      const made = await organisations.createIdentity(call, {
        name: wanted,
        grants: grantsFrom(grants),
        ...(tokenTtlSeconds === undefined ? {} : { ttlSeconds: tokenTtlSeconds }),
      })
      return { identity: toCredentials(granted(made)) }
    },
  )

  const byOrganisation = Type.Object({ organisationId: id }, { additionalProperties: false })
  app.get(
    '/api/v1/organisations/:organisationId/parents',
    {
      schema: {
        ...gives(
          'Read what an organisation’s keys are wrapped by',
          Type.Object({
            roots: Type.Array(Type.Object(parentVersion)),
            organisation: Type.Array(Type.Object(parentVersion)),
            projects: Type.Array(Type.Object({ projectId: text, ...parentVersion })),
          }),
        ),
        params: byOrganisation,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { roots, organisation, projects } = granted(
        await organisations.readParents(call, request.params.organisationId),
      )
      return {
        roots: roots.map(toVersion),
        organisation: organisation.map(toVersion),
        projects: projects.map(({ project_id: projectId, ...rest }) => ({ projectId, ...toVersion(rest) })),
      }
    },
  )

  const byIdentity = Type.Object({ identityId: id }, { additionalProperties: false })
  app.post(
    '/api/v1/identities/:identityId/revoke',
    {
      schema: {
        ...gives('Revoke an identity', Type.Object({ revoked: Type.Boolean() })),
        params: byIdentity,
      },
    },
    async (request) => {
      const call = await callOf(request)
      granted(await organisations.revokeIdentity(call, request.params.identityId))
      return { revoked: true }
    },
  )
}

function toVersion({
  version,
  state,
  origin,
  bundle_digest,
  created_at,
}: Parents['roots' | 'organisation'][number]) {
  return { version, state, origin, bundleDigest: bundle_digest, createdAt: created_at.toISOString() }
}

function toOrganisation({ id: organisation, name: called, ceremony_only, created_at }: Organisation) {
  return { id: organisation, name: called, ceremonyOnly: ceremony_only, createdAt: created_at.toISOString() }
}

function toProject({ id: project, name: called, organisation_id, created_at }: Project) {
  return { id: project, name: called, organisationId: organisation_id, createdAt: created_at.toISOString() }
}

function toCredentials({
  identity,
  clientId,
  clientSecret,
}: {
  readonly identity: string
  readonly clientId: string
  readonly clientSecret: string
}) {
  return { id: identity, clientId, clientSecret }
}
