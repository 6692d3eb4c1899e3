import type { KeyPair } from '../certificate-factory.ts';
import type { Random } from '../random.ts';
import {
  headerText,
  payloadText,
  Raw,
  sealText,
  withSeal,
  type AnyObject,
  type Json,
  type SealPlan,
} from '../seal-maker.ts';
import type { World } from './world.ts';

export interface Mark {
  readonly iat: number;
  readonly digest?: string;
  readonly signer: string;
}

/** Everything that a verifier is asked with, before it is put into text. */
export interface Scenario {
  readonly plan: SealPlan;
  readonly spiffeId: string;
  readonly node: string;
  /** DER by trust domain. */
  readonly bundles: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly policy: PolicyObject;
  /** Milliseconds since the epoch, as all times here. */
  readonly now: number;
  readonly accepted?: Mark | undefined;
  readonly nodeCreated?: number | undefined;
  /** The header's bytes, where they are not those of its members. */
  readonly headerBytes?: (text: string) => Uint8Array;
  /** What is signed, where it is not the payload that docs/seal.md asks for. */
  readonly payload?: (plan: SealPlan) => string;
  /** What happens to the object after it was sealed. */
  readonly after: readonly ((object: AnyObject) => AnyObject)[];
  /** What happens to its JSON text in the end. */
  readonly text: readonly ((text: string) => string)[];
}

/** A policy file as an object; test/support never parses YAML. */
export interface PolicyObject {
  readonly cluster: string;
  readonly signers: readonly {
    readonly name: string;
    readonly spiffeIDs: readonly string[];
    readonly namespace: string;
    readonly features?: readonly string[];
    readonly labels?: readonly string[];
    readonly anyCluster?: boolean;
    readonly anyNode?: boolean;
  }[];
}

/** One rule broken: whoever accepts what `apply` made has a hole. */
export interface Defect {
  readonly name: string;
  /** Code of docs/seal.md that refuses an otherwise honest scenario. */
  readonly code: string;
  /** Certificates and bundles by themselves break the rule: an X.509-SVID validator refuses them too. */
  readonly inChain?: boolean;
  /** Too large for a file of vectors, and rare in a run. */
  readonly isHuge?: boolean;
  /** Undefined where the scenario has nothing that could be broken so. */
  apply(scenario: Scenario, context: DefectContext): Scenario | undefined;
}

export interface DefectContext {
  readonly world: World;
  readonly random: Random;
}

const utf8 = (text: string): Uint8Array => Buffer.from(text);

/** The sealed object's JSON text. */
export function render(scenario: Scenario): string {
  const { plan, headerBytes = utf8, payload = payloadText, after, text } = scenario;
  const seal = sealText(plan, headerBytes(headerText(plan)), payload(plan));
  const object = after.reduce((current, change) => change(current), withSeal(plan.object, seal));
  return text.reduce((current, change) => change(current), JSON.stringify(object));
}

export function withPlan(scenario: Scenario, change: (plan: SealPlan) => SealPlan): Scenario {
  return { ...scenario, plan: change(scenario.plan) };
}

/** Changes the object before it is sealed. */
function withObject(scenario: Scenario, change: (object: AnyObject) => AnyObject): Scenario {
  return withPlan(scenario, (plan) => ({ ...plan, object: change(plan.object) }));
}

export function withSpec(
  scenario: Scenario,
  change: (spec: Readonly<Record<string, Json>>) => Json,
): Scenario {
  return withObject(scenario, (object) => ({
    ...object,
    spec: change(object.spec as Readonly<Record<string, Json>>),
  }));
}

export function withMetadata(
  scenario: Scenario,
  change: (metadata: AnyObject['metadata']) => AnyObject['metadata'],
): Scenario {
  return withObject(scenario, (object) => ({ ...object, metadata: change(object.metadata) }));
}

export function withAfter(scenario: Scenario, change: (object: AnyObject) => AnyObject): Scenario {
  return { ...scenario, after: [...scenario.after, change] };
}

/** Replaces the chain, and the key where the leaf has another. */
export function withChain(scenario: Scenario, chain: readonly Uint8Array[], keys?: KeyPair): Scenario {
  const x5c = chain.map((der) => Buffer.from(der).toString('base64'));
  return withPlan(scenario, (plan) => ({
    ...plan,
    keys: keys ?? plan.keys,
    header: plan.header.map((member) => (member[0] === 'x5c' ? (['x5c', x5c] as const) : member)),
  }));
}

export function iatOf({ plan }: Scenario): number {
  const iat = plan.header.find(([name]) => name === 'iat')?.[1];
  return iat instanceof Raw ? Number(iat.text) : Number(iat);
}

/** The nearest time that a mark can hold. */
export function markableIat(scenario: Scenario): number {
  return Math.max(1, Math.min(Math.floor(iatOf(scenario)), 2 ** 53 - 1));
}

export function chainOf({ plan }: Scenario): readonly Uint8Array[] {
  const x5c = plan.header.find(([name]) => name === 'x5c')?.[1] as readonly string[];
  return x5c.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
}
