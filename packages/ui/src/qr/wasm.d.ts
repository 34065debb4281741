/** A file's bytes in the script itself: nothing is loaded for them (scripts/build/inline-wasm.ts). */
declare module '*.wasm?inline' {
  export const deflated: string
}
