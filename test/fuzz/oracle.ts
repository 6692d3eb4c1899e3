import { X509Certificate } from 'node:crypto';
import { digestOf, jcs, payloadText, sealOf, type AnyObject, type Json } from '../support/seal-maker.ts';
import { nodeNameLabel } from '../support/seal-cases/honest.ts';
import { iatOf, type Mark, type Scenario } from '../support/seal-cases/scenario.ts';
import { leafLife } from '../support/seal-cases/world.ts';
import type { SealInput } from './input.ts';
import { isInTime, isNothingNew, type Moment } from './times.ts';

/** What a verifier says of an object that it accepted. */
export interface Outcome {
  readonly node: string;
  readonly spiffeId: string;
  readonly digest: string;
  readonly accepted: Mark;
  readonly features: unknown;
  readonly labels: unknown;
}

type Members = Readonly<Record<string, Json>>;

/** Why this outcome is a hole, or undefined. */
export function holeIn({ expectation, scenario, text }: SealInput, outcome: Outcome): string | undefined {
  switch (expectation) {
    case 'accept':
      return differences(outcome, claimOf(scenario.plan.object, iatOf(scenario), scenario));
    case 'refuse':
      return 'accepted though a rule is broken';
    case 'same claim':
      return differences(outcome, claimOf(scenario.plan.object, iatOf(scenario), scenario));
    case 'own claim':
      return ownClaim(text, outcome, scenario);
  }
}

interface Claim extends Outcome {
  readonly isInTime: boolean;
}

/** The claim of an honest object. */
function claimOf(
  object: AnyObject,
  iat: number,
  scenario: Scenario,
  header = scenario.plan.header,
  leaf: Moment['leaf'] = leafLife,
): Claim {
  const { spiffeId, now, accepted, nodeCreated } = scenario;
  const digest = digestOf(payloadText({ object, header }));
  const moment = { iat, now, digest, mark: accepted, nodeCreated, leaf };
  return {
    node: object.metadata.labels?.[nodeNameLabel] as string,
    spiffeId,
    digest,
    // What an expired leaf repeats is no newer than the mark.
    accepted: accepted !== undefined && isNothingNew(moment) ? accepted : { iat, digest, signer: spiffeId },
    isInTime: isInTime(moment),
    ...contribution(object.spec as Members),
  };
}

function contribution(spec: Members): { features: unknown; labels: unknown } {
  const features = { flags: {}, attributes: {}, instances: {}, ...(spec['features'] as Members) };
  const all = Object.entries((spec['labels'] ?? {}) as Members);
  const full = (key: string): string => (key.includes('/') ? key : `feature.node.kubernetes.io/${key}`);
  const inOrder = [...all.filter(([key]) => !key.includes('/')), ...all.filter(([key]) => key.includes('/'))];
  return { features, labels: Object.fromEntries(inOrder.map(([key, value]) => [full(key), value])) };
}

function differences(outcome: Outcome, { isInTime: inTime, ...claim }: Claim): string | undefined {
  if (!inTime) return 'accepted out of its time';
  const wrong = (Object.keys(claim) as (keyof Outcome)[]).filter(
    (key) => jcs(outcome[key]) !== jcs(claim[key]),
  );
  return wrong.length === 0 ? undefined : `another claim than the signed one: ${wrong.join(', ')}`;
}

const memberNames = ['alg', 'annotations', 'cluster', 'iat', 'labels', 'typ', 'x5c'];

/** The accepted text read a second time, as docs/seal.md says. */
function ownClaim(text: string, outcome: Outcome, scenario: Scenario): string | undefined {
  const object = JSON.parse(text) as AnyObject;
  const [protectedText = ''] = sealOf(object).split('.');
  const members = JSON.parse(Buffer.from(protectedText, 'base64url').toString()) as Members;
  if (jcs(Object.keys(members).sort()) !== jcs(memberNames)) return 'accepted with other header members';
  if (members['typ'] !== 'nodefeature-seal+jws' || members['cluster'] !== 'demo')
    return 'accepted for another purpose';
  const iat = members['iat'];
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat)) return 'accepted without a time';
  const header = Object.entries(members);
  return differences(outcome, claimOf(object, iat, scenario, header, shownLife(members)));
}

/** The dates of the leaf that is shown: changed octets of the header may have changed them. */
function shownLife(members: Members): Moment['leaf'] {
  const [shown] = members['x5c'] as readonly string[];
  const { validFromDate, validToDate } = new X509Certificate(Buffer.from(shown!, 'base64'));
  return { notBefore: validFromDate, notAfter: validToDate };
}
