import { type Fp2 as Fp2Element, type Fp12 as Fp12Element, tower12 } from '@noble/curves/abstract/tower.js'
import { weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { FormatError } from '../../format-error.ts'
import { bytesToBig } from '../../sharing/little-endian.ts'
import type { ByteReader } from '../files/byte-reader.ts'

/** BLS12-446, as tfhe-zk-pok 0.8.3 has it (`curve_446`): the field, and the order of the groups that a pairing takes its points from. */
const FIELD =
  172824703542857155980071276579495962243492693522789898437834836356385656662277472896902502740297183690175962001546428467344062165330603n
const ORDER = 645383785691237230677916041525710377746967055506026847120930304831624105190538527824412673n
const WORDS = 7
/** Coordinates stand in Montgomery form, x 2^448. */
const FROM_MONTGOMERY = inverse(1n << 448n)

/** Made when the first list comes: 0.1 s that no other command has to wait for. */
let made: ReturnType<typeof makeCurves> | null = null

function makeCurves() {
  const { Fp, Fp2 } = tower12({
    ORDER: FIELD,
    X_LEN: 75,
    FP2_NONRESIDUE: [1n, 1n],
    // Of pairings, which are not computed here.
    Fp2mulByB: (x: Fp2Element) => x,
    Fp12finalExponentiate: (x: Fp12Element) => x,
  })
  const G1 = weierstrass(
    {
      p: FIELD,
      n: ORDER,
      h: 267785939737784928360481681640896166738700972n,
      a: 0n,
      b: 1n,
      Gx: 143189966182216199425404656824735381247272236095050141599848381692039676741476615087722874458136990266833440576646963466074693171606778n,
      Gy: 75202396197342917254523279069469674666303680671605970245803554133573745859131002231546341942288521574682619325841484506619191207488304n,
    },
    {
      Fp,
      // G1 has points of order 2, at which noble's formulas are not complete: the sum may be (0, 0, 0), which equals every point.
      isTorsionFree: (_, point) => {
        const multiple = point.multiplyUnsafe(ORDER - 1n)
        return !Fp.is0(multiple.Z) && multiple.equals(point.negate())
      },
    },
  )
  const G2 = weierstrass(
    {
      p: Fp2.ORDER,
      n: ORDER,
      h: 46280025648128091779281203587029183771098593081950199160533444883894201638329761721685747232785203763275581499269893683911356926248942802726857101798724933488377584092259436345573n,
      a: Fp2.ZERO,
      b: Fp2.fromBigTuple([1n, 1n]),
      Gx: Fp2.fromBigTuple([
        96453755443802578867745476081903764610578492683850270111202389209355548711427786327510993588141991264564812146530214503491136289085725n,
        85346509177292795277012009839788781950274202400882571466460158277083221521663169974265433098009350061415973662678938824527658049065530n,
      ]),
      Gy: Fp2.fromBigTuple([
        49316184343270950587272132771103279293158283984999436491292404103501221698714795975575879957605051223501287444864258801515822358837529n,
        107680854723992552431070996218129928499826544031468382031848626814251381379173928074140221537929995580031433096217223703806029068859074n,
      ]),
    },
    { Fp: Fp2 },
  )
  return { G1, G2, Fp2 }
}

/** A point as it stands in a proof, its coordinates in [0, p): two of G1, four of G2. Not yet known to be on the curve. */
export type ProofPoint = { readonly group: 1 | 2; readonly coordinates: readonly bigint[] }

/** u32 0, u32 2 (uncompressed; infinity is none of an honest proof), then the coordinates. Throws FormatError FHE-FIELD, FHE-TRUNCATED. */
export function readPoint(reader: ByteReader, group: 1 | 2): ProofPoint {
  reader.u32s('point', 0, 2)
  const coordinates: bigint[] = []
  for (let axis = 0; axis < 2; axis++) {
    if (group === 2) reader.u32s('coordinate', 0)
    for (let part = 0; part < group; part++) coordinates.push(readElement(reader))
  }
  return { group, coordinates }
}

/** Whether a point is on its curve and in the subgroup of prime order: what tfhe's wasm library does not check. Some 4 ms. */
export function isUsable({ group, coordinates }: ProofPoint): boolean {
  made ??= makeCurves()
  const { G1, G2, Fp2 } = made
  const [a = 0n, b = 0n, c = 0n, d = 0n] = coordinates
  try {
    if (group === 1) G1.fromAffine({ x: a, y: b }).assertValidity()
    else G2.fromAffine({ x: Fp2.fromBigTuple([a, b]), y: Fp2.fromBigTuple([c, d]) }).assertValidity()
    return true
  } catch {
    // With coordinates in range it throws for no other reason. A point with y = 0 is refused as well: it has order 2, so it is outside too.
    return false
  }
}

/** u32 0, u64 7, seven u64. */
function readElement(reader: ByteReader): bigint {
  reader.u32s('coordinate', 0)
  if (reader.u64('coordinate') !== BigInt(WORDS))
    throw new FormatError('FHE-FIELD', `coordinate: not ${WORDS} words`)
  const value = bytesToBig(reader.take(WORDS * 8, 'coordinate'))
  if (value >= FIELD) throw new FormatError('FHE-FIELD', 'coordinate: not below the modulus of its field')
  return (value * FROM_MONTGOMERY) % FIELD
}

/** x^(p-2) mod p. */
function inverse(x: bigint): bigint {
  let [result, base] = [1n, x % FIELD]
  for (let exponent = FIELD - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % FIELD
    base = (base * base) % FIELD
  }
  return result
}
