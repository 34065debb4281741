import { alteredCourse } from './altered-course.ts'
import { alteredFhe } from './altered-fhe.ts'
import { alteredLists } from './altered-lists.ts'
import type { Altered } from './altered-parts.ts'
import { alteredPlaces } from './altered-places.ts'
import { alteredStrings } from './altered-reference-string.ts'
import { alteredRenewals } from './altered-renewals.ts'
import { alteredReplicas } from './altered-replicas.ts'
import { alteredRun } from './altered-run.ts'
import { alteredSeats } from './altered-seats.ts'
import { alteredSigners } from './altered-signers.ts'
import { alteredTranscript } from './altered-transcript.ts'
import { alteredTrust } from './altered-trust.ts'

/** What is wrong with a bundle that is signed as it is, by the check that must refuse it. */
export const altered: Altered[] = [
  ...alteredRun,
  ...alteredPlaces,
  ...alteredTrust,
  ...alteredSigners,
  ...alteredLists,
  ...alteredTranscript,
  ...alteredReplicas,
  ...alteredFhe,
  ...alteredStrings,
  ...alteredRenewals,
  ...alteredSeats,
  ...alteredCourse,
]
