import {
  authorityPlan,
  certificate,
  dns,
  extensionOids,
  leafPlan,
  makeKeys,
  uri,
  withoutExtension,
  type Authority,
  type CertificatePlan,
  type KeyPair,
  type KeyType,
} from '../certificate-factory.ts';
import { commonName } from '../der-writer.ts';
import type { PolicyObject } from './scenario.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Noon of the day that everything is about. */
export const noon = Date.parse('2026-06-01T12:00:00Z');
/** Every leaf lives from half an hour before noon to half an hour after. */
export const leafLife = { notBefore: new Date(noon - 30 * minute), notAfter: new Date(noon + 30 * minute) };
const authorityLife = { notBefore: new Date(noon - day), notAfter: new Date(noon + day) };
export const rootLife = { notBefore: new Date(noon - 30 * day), notAfter: new Date(noon + 300 * day) };

export const trustDomain = 'example.org';
export const partner = 'partner.example';
export const cluster = 'demo';

/** Three signers: the worker, one of another trust domain for any node, one with a narrow grant. */
export const policy: PolicyObject = {
  cluster,
  signers: [
    {
      name: 'worker',
      spiffeIDs: [
        `spiffe://${trustDomain}/featureseal/worker/{cluster}/{node}`,
        `spiffe://${trustDomain}/old/{cluster}/{node}/worker`,
      ],
      namespace: 'featureseal',
      features: ['*'],
      labels: ['*'],
    },
    {
      name: 'vendor',
      spiffeIDs: [`spiffe://${partner}/labeller/{cluster}`],
      namespace: 'vendor',
      features: ['vendor.*'],
      labels: ['vendor.example/*'],
      anyNode: true,
    },
    {
      name: 'gpu',
      spiffeIDs: [`spiffe://${trustDomain}/gpu/{cluster}/{node}`],
      namespace: 'gpu',
      features: ['gpu.device'],
      labels: ['gpu.example/model'],
    },
  ],
};

/** An authority with its certificate. */
export interface WorldAuthority extends Authority {
  readonly der: Uint8Array;
}

/** How a leaf is issued; each member may be replaced by something wrong. */
export interface ChainOptions {
  readonly spiffeId: string;
  readonly key?: KeyType | undefined;
  readonly leaf?: ((plan: CertificatePlan) => CertificatePlan) | undefined;
  /** Names the authority that issues: see {@link World.authority}. */
  readonly issuer?: WorldAuthority | undefined;
}

/** Keys, authorities and chains, made once and used in every scenario. */
export class World {
  readonly #keys = new Map<string, KeyPair>();
  readonly #made = new Map<string, unknown>();
  readonly root = this.makeRoot('root', trustDomain);
  /** The same name, another key: a CA before its rotation. */
  readonly oldRoot = this.makeRoot('old root', trustDomain);
  readonly partnerRoot = this.makeRoot('partner root', partner);
  /** The same without a SPIFFE ID: only the bundle that it stands in tells its trust domain. */
  readonly partnerPlainRoot = this.makeRoot('partner plain root', partner, (plan) =>
    withoutExtension(plan, extensionOids.subjectAltName),
  );
  readonly intermediate = this.makeAuthority('intermediate', this.root);
  readonly partnerIntermediate = this.makeAuthority('partner intermediate', this.partnerRoot);
  readonly bundles: ReadonlyMap<string, readonly Uint8Array[]> = new Map([
    [trustDomain, [this.oldRoot.der, this.root.der]],
    [partner, [this.partnerRoot.der, this.partnerPlainRoot.der]],
  ]);

  /** A key pair by name; the same name gives the same pair. */
  keys(name: string, type: KeyType = 'P-256'): KeyPair {
    return this.#remember(this.#keys, `${name} ${type}`, () => makeKeys(type));
  }

  /** Whatever is dear to make, by name. */
  once<T>(name: string, make: () => T): T {
    return this.#remember(this.#made as Map<string, T>, name, make);
  }

  makeRoot(
    name: string,
    domain: string,
    change: (plan: CertificatePlan) => CertificatePlan = (plan) => plan,
    type: KeyType = 'P-256',
  ): WorldAuthority {
    const keys = this.keys(name, type);
    const own = { name: commonName(`Root of ${domain}`), keys };
    const names = [uri(`spiffe://${domain}`)];
    const plan = authorityPlan({ ...own, ...rootLife, issuer: own, names });
    return { ...own, der: certificate(change(plan)) };
  }

  makeAuthority(
    name: string,
    issuer: WorldAuthority,
    change: (plan: CertificatePlan) => CertificatePlan = (plan) => plan,
    type: KeyType = 'P-256',
  ): WorldAuthority {
    const own = { name: commonName(name), keys: this.keys(name, type) };
    const plan = change(authorityPlan({ ...own, ...authorityLife, issuer }));
    return { ...own, name: plan.subject, der: certificate(plan) };
  }

  /** A leaf alone. Its key is that of its ID and type. */
  leaf({ spiffeId, key = 'P-256', leaf = (plan) => plan, issuer = this.root }: ChainOptions): Uint8Array {
    const names = [uri(spiffeId), dns('workload.internal')];
    return certificate(leaf(leafPlan({ keys: this.keys(spiffeId, key), issuer, ...leafLife, names })));
  }

  #remember<T>(map: Map<string, T>, name: string, make: () => T): T {
    const known = map.get(name);
    if (known !== undefined) return known;
    const made = make();
    map.set(name, made);
    return made;
  }
}
