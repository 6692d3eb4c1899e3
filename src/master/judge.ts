import { asFeaturesealError, FeaturesealError, verificationStep } from '../error.ts';
import { isObject, ownMember } from '../feature/guard.ts';
import type { ObjectKey } from '../port/node-feature-store.ts';
import type { NodeView } from '../port/node-store.ts';
import type { X509Bundles } from '../port/svid-source.ts';
import { admitNodeFeature } from '../seal/admit.ts';
import type { AcceptedSeal } from '../seal/freshness.ts';
import { peekSeal, type SealClaim } from '../seal/peek.ts';
import { entryFor } from '../seal/policy.ts';
import type { SealTrust } from '../seal/trust.ts';
import type { AdmittedNodeFeature, VerifiedNodeFeature } from '../seal/verified.ts';
import { verifyParsed } from '../seal/verify.ts';
import { namespaceOf, nodeOf } from './object-state.ts';
import { usableBundles } from './bundles.ts';
import type { MasterPorts } from './ports.ts';
import type { MasterSettings } from './settings.ts';

/** What one look at one object found. */
export interface Verdict {
  readonly verified?: VerifiedNodeFeature;
  /** Modes audit and off: taken at its word. */
  readonly admitted?: AdmittedNodeFeature;
  readonly refusal?: {
    readonly error: FeaturesealError;
    readonly claim: SealClaim | undefined;
    readonly uid: string | undefined;
  };
}

export interface JudgeContext {
  readonly ports: MasterPorts;
  readonly settings: MasterSettings;
  readonly trust: SealTrust;
  /** The Node of that name, where there is one. */
  node(name: string): NodeView | undefined;
  /** The newest acceptance that memory or the Node's mark knows. */
  accepted(key: ObjectKey): AcceptedSeal | undefined;
}

/**
 * A verdict for the Node of that name, and by the bundles, that are there when it comes. The seal of a CA that is revoked
 * meanwhile would otherwise be accepted after all that was accepted before was asked for its path again (threats B6, C7).
 *
 * @returns undefined where either changed and the object is gone, too
 */
export async function lastingVerdict(
  key: ObjectKey,
  object: unknown,
  context: JudgeContext,
  isGone: () => boolean,
): Promise<Verdict | undefined> {
  const uid = (): string | undefined => context.node(nodeOf(key))?.uid;
  const bundles = (): X509Bundles | undefined => usableBundles(context.ports.bundles);
  for (;;) {
    const [uidBefore, bundlesBefore] = [uid(), bundles()];
    const verdict = await judge(key, object, context);
    if (uid() === uidBefore && bundles() === bundlesBefore) return verdict;
    if (isGone()) return undefined;
  }
}

/** Judges an object as the mode asks. Never throws for what an object holds. */
async function judge(key: ObjectKey, object: unknown, context: JudgeContext): Promise<Verdict> {
  const { mode } = context.settings.policy;
  const verdict = mode === 'off' ? {} : await verdictOf(key, object, context);
  if (mode === 'enforce') return verdict;
  try {
    return { ...verdict, admitted: admitNodeFeature(object) };
  } catch (thrown) {
    return { ...verdict, refusal: verdict.refusal ?? (await refusalOf(thrown, object, context)) };
  }
}

async function verdictOf(key: ObjectKey, object: unknown, context: JudgeContext): Promise<Verdict> {
  const done = context.ports.report.verifying();
  try {
    const verified = await verify(key, object, context);
    done('accepted');
    return { verified };
  } catch (thrown) {
    done('refused');
    return { refusal: await refusalOf(thrown, object, context) };
  }
}

async function verify(key: ObjectKey, object: unknown, context: JudgeContext): Promise<VerifiedNodeFeature> {
  const { ports, settings, trust } = context;
  const node = context.node(nodeOf(key));
  // Step 1 in the master: an object of a policy's namespace waits until the Node that it is named after exists.
  if (node === undefined && entryFor(settings.policy, namespaceOf(key)) !== undefined) {
    throw new FeaturesealError({ code: 'node-unknown', message: 'there is no Node of that name' });
  }
  const bundles = usableBundles(ports.bundles);
  if (bundles === undefined) {
    throw new FeaturesealError({ code: 'workload-api-unavailable', message: 'there is no trust bundle yet' });
  }
  return verifyParsed(object, {
    bundles,
    policy: settings.policy,
    now: new Date(ports.clock.now()),
    accepted: context.accepted(key),
    nodeCreated: node?.created,
    maxAge: settings.maxAgeMs,
    trust,
    crypto: ports.crypto,
  });
}

async function refusalOf(
  thrown: unknown,
  object: unknown,
  { ports }: JudgeContext,
): Promise<NonNullable<Verdict['refusal']>> {
  const error = asFeaturesealError(thrown, 'internal', 'an object could not be judged');
  return { error, claim: await peekSeal(object, ports.crypto), uid: uidOf(object) };
}

function uidOf(object: unknown): string | undefined {
  const metadata = isObject(object) ? ownMember(object, 'metadata') : undefined;
  const uid = isObject(metadata) ? ownMember(metadata, 'uid') : undefined;
  return typeof uid === 'string' ? uid : undefined;
}

/**
 * True where the refusal takes back what was accepted, rather than refusing something new: the same content, its leaf
 * within its dates, but no path to a root or no signer in the policy any more.
 */
export function isWithdrawal(verdict: Verdict, accepted: AcceptedSeal | undefined, now: number): boolean {
  const claim = verdict.refusal?.claim;
  const code = verdict.refusal?.error.code;
  if (claim === undefined || code === undefined || accepted?.digest !== claim.digest) return false;
  if (code === 'signer-not-allowed' || code === 'namespace-not-in-policy') return true;
  const isWithinDates = claim.leafNotBefore.getTime() <= now && now <= claim.leafNotAfter.getTime();
  return verificationStep(code) === 4 && code !== 'seal-outside-validity' && isWithinDates;
}
