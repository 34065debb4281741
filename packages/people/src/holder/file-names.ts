/** A dealer's public correction. */
export const correctionName = (dealer: number) => `correction-${dealer}.bin`

/** What a dealer sealed to one new holder. */
export const seedsName = (dealer: number, holder: number) => `dealer-${dealer}-holder-${holder}.age`

/** The ceremony key's signature on what all dealers sealed to one new holder, below the run's folder. */
export const nextSignatureFile = (holder: number) => `envelopes/next-${holder}.sig`
