/** The curves that a key may be on (SEC 2, NIST SP 800-186 section 3.2.1): y² = x³ - 3x + b modulo p. */
export type CurveName = 'P-256' | 'P-384' | 'P-521';

interface Curve {
  /** Octets of a coordinate, and of r or s in a signature. */
  readonly octets: number;
  readonly p: bigint;
  readonly b: bigint;
}

const curves: Readonly<Record<CurveName, Curve>> = {
  'P-256': {
    octets: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    octets: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    octets: 66,
    p: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

/** Octets of one coordinate on the curve; a raw signature is twice as long. */
export function coordinateOctets(name: CurveName): number {
  return curves[name].octets;
}

function bigInteger(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}

/**
 * Whether `point` is the uncompressed form (SEC 1 section 2.3.3) of a point on the curve. Points off the curve open
 * small-subgroup attacks; the point at infinity, compressed and hybrid forms are not keys here.
 */
export function isPointOnCurve(name: CurveName, point: Uint8Array): boolean {
  const { octets, p, b } = curves[name];
  if (point.length !== 1 + 2 * octets || point[0] !== 0x04) return false;
  const x = bigInteger(point.subarray(1, 1 + octets));
  const y = bigInteger(point.subarray(1 + octets));
  return x < p && y < p && (y * y - (x * x - 3n) * x - b) % p === 0n;
}
