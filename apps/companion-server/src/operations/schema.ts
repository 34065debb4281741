/** How inputs are described: by JSON schema. The one place where operations know who brings its library. */
export {
  type Static,
  type TObject,
  type TProperties,
  type TSchema,
  Type,
} from '@fastify/type-provider-typebox'
