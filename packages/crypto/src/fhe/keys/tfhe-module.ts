/**
 * What is used of tfhe's wasm package, given as an argument: `node-tfhe` in Node, `tfhe` in a page. Nothing of this
 * product imports either but the key child, the server and a page that encrypts.
 */
export type TfheModule = {
  readonly TfheConfigBuilder: { default(): TfheConfigBuilder }
  readonly TfheClientKey: {
    generate(config: TfheConfig): TfheObject
    generate_with_seed(config: TfheConfig, seed: bigint): TfheObject
    safe_deserialize(bytes: Uint8Array, limit: bigint): TfheObject
  }
  readonly TfheCompactPublicKey: {
    // A method, whose parameter is compared loosely: each module has its own class of keys.
    'new'(clientKey: TfheObject): TfheObject
    safe_deserialize(bytes: Uint8Array, limit: bigint): TfheObject
  }
  readonly TfheCompressedServerKey: { 'new'(clientKey: TfheObject): TfheObject }
  readonly ShortintCompactPublicKeyEncryptionParameters: new (name: number) => object
  readonly ShortintCompactPublicKeyEncryptionParametersName: {
    readonly PARAM_PKE_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128: number
  }
  readonly Boolean: {
    get_parameters(set: number): object
    new_client_key(parameters: object): object
    new_client_key_from_seed_and_parameters(high: bigint, low: bigint, parameters: object): object
    new_compressed_server_key(clientKey: object): object
    deserialize_client_key(bytes: Uint8Array): object
    serialize_client_key(clientKey: object): Uint8Array
    serialize_compressed_server_key(serverKey: object): Uint8Array
  }
  readonly ProvenCompactCiphertextList: {
    safe_deserialize(
      bytes: Uint8Array,
      limit: bigint,
    ): {
      verify_and_expand(crs: object, publicKey: object, metadata: Uint8Array): TfheExpander
    }
  }
  readonly CompactPkeCrs: {
    from_config(config: TfheConfig, bits: number): TfheObject
    safe_deserialize(bytes: Uint8Array, limit: bigint): TfheObject
  }
}

/** A config of tfhe: opaque, freed with the module. */
export type TfheConfig = object

export type TfheConfigBuilder = {
  use_dedicated_compact_public_key_parameters(parameters: object): TfheConfigBuilder
  build(): TfheConfig
}

type TfheObject = {
  safe_serialize(limit: bigint): Uint8Array
  free(): void
}

/** What a list expands to: one ciphertext after another. */
export type TfheExpander = { len(): number; get_kind_of(index: number): number | undefined }

/** tfhe's own limit on the size of what it reads or writes. */
export const TFHE_LIMIT = 1n << 30n
