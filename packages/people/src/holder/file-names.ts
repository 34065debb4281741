/** Name of a dealer's public correction. */
export const correctionName = (dealer: number) => `correction-${dealer}.bin`

/** Name of a dealer's file for one new holder. */
export const seedsName = (dealer: number, holder: number) => `dealer-${dealer}-holder-${holder}.age`

/** Path, below the run's folder, of the ceremony key's signature on all dealers' files for one new holder. */
export const nextSignatureFile = (holder: number) => `envelopes/next-${holder}.sig`
