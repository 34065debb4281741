/** The file's bytes, inlined in the script (scripts/build/inline-wasm.ts), so that nothing is fetched. */
declare module '*.wasm?inline' {
  export const deflated: string
}
