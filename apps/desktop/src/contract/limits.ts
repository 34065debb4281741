/** What main lets pass between the renderer and core, and core takes at once; lengths are UTF-16 units of the encoded frame. */
export const limits = {
  requestLength: 4_194_304,
  responseLength: 16_777_216,
  requestsPerSecond: 100,
  requestsInFlight: 64,
  apiNameLength: 64,
  transcriptPage: 200,
} as const
