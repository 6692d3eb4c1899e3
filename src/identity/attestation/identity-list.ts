import { FeaturesealError } from '../../error.ts';
import { fillTemplate, parseTemplate, type IdTemplate } from '../../seal/id-template.ts';
import { trustDomainId } from '../../spiffe/spiffe-id.ts';

/** Pods of this service account have the ID at this path; `{cluster}` and `{node}` stand for one whole segment each. */
export interface ListedIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** `/featureseal/worker/{cluster}/{node}`. */
  readonly path: string;
}

/** The SPIFFE ID that the authority serves TLS with. */
export function authorityId(trustDomain: string): string {
  return `${trustDomainId(trustDomain)}/featureseal/identity-authority`;
}

/** Which service accounts have an identity, and which. Nobody else has one. */
export class IdentityList {
  readonly #templates = new Map<string, IdTemplate>();
  readonly #reserved: string;

  /** @throws FeaturesealError config-invalid */
  constructor(trustDomain: string, entries: readonly ListedIdentity[]) {
    this.#reserved = authorityId(trustDomain);
    for (const { namespace, serviceAccount, path } of entries) {
      const account = keyOf(namespace, serviceAccount);
      const template = parseTemplate(`${trustDomainId(trustDomain)}${path}`, {
        anyCluster: true,
        anyNode: true,
      });
      if (typeof template === 'string') throw invalid(`the path of ${account} ${template}`);
      if (this.#templates.has(account)) throw invalid(`${account} is listed twice`);
      this.#templates.set(account, template);
    }
  }

  /** Undefined for a service account that is not listed. */
  find(namespace: string, serviceAccount: string): IdTemplate | undefined {
    return this.#templates.get(keyOf(namespace, serviceAccount));
  }

  /** @throws FeaturesealError attestation-node for a node whose name would make a pod the authority itself */
  idOf(template: IdTemplate, cluster: string, node: string): string {
    const spiffeId = fillTemplate(template, cluster, node);
    if (spiffeId !== this.#reserved) return spiffeId;
    throw new FeaturesealError({
      code: 'attestation-node',
      message: `${spiffeId} is the ID of the authority`,
    });
  }
}

function keyOf(namespace: string, serviceAccount: string): string {
  return `${namespace}/${serviceAccount}`;
}

function invalid(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'config-invalid', message: `identities: ${message}` });
}
