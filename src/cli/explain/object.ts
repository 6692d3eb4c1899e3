import type { ReasonCode } from '../../error-codes.ts';
import { asFeaturesealError } from '../../error.ts';
import { isObject, ownMember } from '../../feature/guard.ts';
import type { ObjectKey } from '../../port/node-feature-store.ts';
import type { NodeView } from '../../port/node-store.ts';
import type { Crypto } from '../../crypto.ts';
import { admitNodeFeature } from '../../seal/admit.ts';
import { defaultMaxAge, type AcceptedSeal } from '../../seal/freshness.ts';
import type { Mark } from '../../seal/mark.ts';
import { peekSeal, type SealClaim } from '../../seal/peek.ts';
import { verifyParsed } from '../../seal/verify.ts';
import type { Contribution } from '../../seal/verified.ts';
import type { Bundles } from '../../spiffe/bundle.ts';
import type { InForce } from '../cluster/in-force.ts';

/** A NodeFeature as the API server holds it now. */
export interface StoredObject {
  readonly key: ObjectKey;
  readonly object: unknown;
}

/** What is known of one NodeFeature of the node. */
export interface JudgedObject {
  readonly key: ObjectKey;
  /**
   * As mode enforce judges. `unverified`: there is no bundle or no policy to judge by, and nothing that needs neither
   * speaks against it.
   */
  readonly verdict: 'accepted' | 'refused' | 'unverified';
  /** Why it is refused. */
  readonly code?: ReasonCode;
  readonly message?: string;
  /** Verified where it is accepted, else what it claims. */
  readonly signer?: string;
  /** Signing time in milliseconds since the epoch; claimed where it is not accepted. */
  readonly iat?: number;
  /** Its content is, byte for byte, what the Node's mark says was accepted. */
  readonly isAsMarked: boolean;
  /** What it gives its node now; undefined where it does not count. */
  readonly contribution?: Contribution;
}

export interface JudgeOptions {
  readonly node: NodeView;
  readonly mark: Mark;
  readonly inForce: InForce | undefined;
  readonly bundles: Bundles | undefined;
  readonly crypto: Crypto;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Judges one object as a master would that knows the Node's mark and nothing else. Never throws for what it holds. */
export async function judgeObject(
  { key, object }: StoredObject,
  options: JudgeOptions,
): Promise<JudgedObject> {
  const accepted = options.mark.objects.get(key);
  const claim = await peekSeal(object, options.crypto);
  const found = await verdictOf(object, claim, accepted, options);
  const isAsMarked = claim !== undefined && claim.digest === accepted?.digest;
  const contribution = contributionFor(object, { ...found, isAsMarked }, options);
  return { key, isAsMarked, ...found, ...(contribution === undefined ? {} : { contribution }) };
}

type Found = Omit<JudgedObject, 'key' | 'isAsMarked'>;

async function verdictOf(
  object: unknown,
  claim: SealClaim | undefined,
  accepted: AcceptedSeal | undefined,
  { node, inForce, bundles, crypto, now }: JudgeOptions,
): Promise<Found> {
  const maxAge = inForce?.maxAgeMs ?? defaultMaxAge;
  const claimed = claim === undefined ? {} : { signer: claim.signer, iat: claim.iat };
  if (inForce === undefined) return { verdict: 'unverified', ...claimed };
  try {
    const verified = await verifyParsed(object, {
      bundles: bundles ?? new Map(),
      policy: inForce.policy,
      now: new Date(now),
      accepted,
      nodeCreated: node.created,
      maxAge,
      crypto,
    });
    const { spiffeId, iat } = verified;
    return { verdict: 'accepted', signer: spiffeId, iat, contribution: verified };
  } catch (thrown) {
    const { code, message } = asFeaturesealError(thrown, 'internal', 'the object could not be judged');
    // What is checked before a bundle is needed stands; where one was missing, nothing is known.
    if (bundles === undefined && code === 'bundle-missing') return { verdict: 'unverified', ...claimed };
    return { verdict: 'refused', code, message, ...claimed };
  }
}

/** What counts: in mode enforce what is verified, or known to be what was accepted; in the others every object. */
function contributionFor(
  object: unknown,
  { contribution, verdict, isAsMarked }: Found & Pick<JudgedObject, 'isAsMarked'>,
  { node, inForce }: JudgeOptions,
): Contribution | undefined {
  if (contribution !== undefined) return contribution;
  const isEnforced = (inForce?.policy.mode ?? 'enforce') === 'enforce';
  if (isEnforced && !(verdict === 'unverified' && isAsMarked)) return undefined;
  try {
    const admitted = admitNodeFeature(object);
    return admitted.node === node.name ? admitted : undefined;
  } catch {
    return undefined;
  }
}

/** `namespace/name` of an object of the API. */
export function keyOfObject(object: unknown): ObjectKey | undefined {
  const metadata = isObject(object) ? ownMember(object, 'metadata') : undefined;
  if (!isObject(metadata)) return undefined;
  const [namespace, name] = [ownMember(metadata, 'namespace'), ownMember(metadata, 'name')];
  return typeof namespace === 'string' && typeof name === 'string' ? `${namespace}/${name}` : undefined;
}
