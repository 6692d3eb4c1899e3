import { isObject, ownMember, type UnknownObject } from '../feature/guard.ts';
import { pathOf, type ApiClient, type ApiRequest, type ApiResponse } from './api-client.ts';
import { metadataOf } from './metadata.ts';

/** What a Lease (coordination.k8s.io/v1) says. */
export interface LeaseRecord {
  /** Empty: nobody. */
  readonly holder: string;
  readonly durationMs: number;
  /** How often the holder changed. */
  readonly transitions: number;
  /** As stored. Other masters' clocks are not trusted: it is only compared for equality, and kept. */
  readonly acquired: string | undefined;
  readonly renewed: string | undefined;
}

export interface StoredLease {
  readonly record: LeaseRecord;
  readonly resourceVersion: string;
}

export interface LeaseObjectOptions {
  readonly api: ApiClient;
  readonly namespace: string;
  readonly name: string;
}

/** Of one call. */
export type CallLimits = Pick<ApiRequest, 'signal'> & { readonly timeoutMs: number };

/** One Lease object. */
export class LeaseObject {
  readonly #api: ApiClient;
  readonly #namespace: string;
  readonly #name: string;

  constructor({ api, namespace, name }: LeaseObjectOptions) {
    this.#api = api;
    this.#namespace = namespace;
    this.#name = name;
  }

  async read(limits: CallLimits): Promise<StoredLease | undefined> {
    const answer = await this.#api.request({ path: this.#path(), ...limits, expect: [404] });
    return answer.status === 404 ? undefined : storedLease(answer);
  }

  /** Replaces what `seen` was, or creates. @throws FeaturesealError store-conflict where somebody was faster */
  async write(record: LeaseRecord, seen: StoredLease | undefined, limits: CallLimits): Promise<StoredLease> {
    const [namespace, name] = [this.#namespace, this.#name];
    const version = seen === undefined ? {} : { resourceVersion: seen.resourceVersion };
    const answer = await this.#api.request({
      method: seen === undefined ? 'POST' : 'PUT',
      path: seen === undefined ? this.#collection() : this.#path(),
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace, name, ...version },
        spec: {
          holderIdentity: record.holder,
          leaseDurationSeconds: Math.round(record.durationMs / 1000),
          leaseTransitions: record.transitions,
          acquireTime: record.acquired,
          renewTime: record.renewed,
        },
      },
      ...limits,
    });
    return storedLease(answer);
  }

  #collection(): string {
    return `/apis/coordination.k8s.io/v1${pathOf('namespaces', this.#namespace, 'leases')}`;
  }

  #path(): string {
    return `${this.#collection()}${pathOf(this.#name)}`;
  }
}

/** A moment as `metav1.MicroTime` writes it. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function storedLease({ json }: ApiResponse): StoredLease {
  const { resourceVersion } = metadataOf(json);
  const spec = isObject(json) ? ownMember(json, 'spec') : undefined;
  return { record: recordOf(isObject(spec) ? spec : {}), resourceVersion };
}

function recordOf(spec: UnknownObject): LeaseRecord {
  return {
    holder: textOf(spec, 'holderIdentity') ?? '',
    durationMs: (numberOf(spec, 'leaseDurationSeconds') ?? 0) * 1000,
    transitions: numberOf(spec, 'leaseTransitions') ?? 0,
    acquired: textOf(spec, 'acquireTime'),
    renewed: textOf(spec, 'renewTime'),
  };
}

function textOf(spec: UnknownObject, key: string): string | undefined {
  const value = ownMember(spec, key);
  return typeof value === 'string' ? value : undefined;
}

function numberOf(spec: UnknownObject, key: string): number | undefined {
  const value = ownMember(spec, key);
  return typeof value === 'number' ? value : undefined;
}
