import { Type } from '@fastify/type-provider-typebox'
import { numberIn } from '../platform/http/query.ts'
import { maxOffset, maxPage, type Page } from './page.ts'

/** Which part of a list a query string asks for: without words the first page, as long as one may be. */
export const pageFields = {
  offset: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })),
  limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$' })),
}

/** Throws what the door answers with REQUEST-FIELDS. */
export function pageOf({ offset, limit }: { offset?: string | undefined; limit?: string | undefined }): Page {
  return {
    offset: numberIn('offset', offset, 0, maxOffset, 0),
    limit: numberIn('limit', limit, 1, maxPage, maxPage),
  }
}
