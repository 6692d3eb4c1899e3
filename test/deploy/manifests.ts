import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe } from '@jest/globals';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { changeSettings, copyManifests } from '../../scripts/chart/manifests-copy.ts';

/** A Kubernetes object as kustomize writes it; what a kind has of its own is for the test to know. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly { readonly name: string; readonly hostPort?: number }[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly [member: string]: unknown;
}

export interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string };
  readonly csi?: unknown;
  readonly configMap?: { readonly name: string };
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly [member: string]: unknown;
}

/** What makes pods. */
export interface Workload extends Manifest {
  readonly kind: (typeof workloadKinds)[number];
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PodSpec;
    };
    readonly [member: string]: unknown;
  };
}

const workloadKinds = ['Deployment', 'DaemonSet', 'StatefulSet'] as const;
const deploy = join(import.meta.dirname, '../../deploy');
/** The one that the tests' cluster is built with, or the machine's; undefined where there is none. */
export const kubectl = findKubectl();

/** Tests on rendered manifests; skipped where there is no kubectl (scripts/test --cluster builds one). */
export const describeRendered = kubectl === undefined ? describe.skip : describe;

function findKubectl(): string | undefined {
  const built = join(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '', 'kubectl');
  const candidates = existsSync(built) ? [built] : ['kubectl'];
  return candidates.find((each) => spawnSync(each, ['kustomize', '--help']).status === 0);
}

/** What `kubectl apply -k` would send for this overlay. */
export function renderedText(overlay: string, folder = deploy): string {
  const path = join(folder, 'overlays', overlay);
  const { status, stdout, stderr } = spawnSync(kubectl ?? '', ['kustomize', path], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`kubectl kustomize ${path}: ${stderr}`);
  return stdout;
}

export function manifestsOf(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

export type Settings = Readonly<
  Partial<
    Record<
      'trustDomain' | 'cluster' | 'namespace' | 'spireClass' | 'upstreamAddress' | 'upstreamPort',
      string
    >
  >
>;

/** The same for a user who has changed the overlay's settings.yaml, in a copy of deploy/; `folder` ends in that name. */
export function renderedWith(overlay: string, settings: Settings, folder: string): string {
  changeSettings(copyManifests(dirname(folder)), overlay, (data) => ({ ...data, ...settings }));
  return renderedText(overlay, folder);
}

/** The same for a user whose overlay builds on another one and adds components, paths from the repository. */
export function renderedOver(overlay: string, components: readonly string[], folder: string): string {
  copyManifests(dirname(folder));
  const own = join(folder, 'overlays', 'own');
  mkdirSync(own);
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [`../${overlay}`],
    components: components.map((each) => `../../../${each}`),
  };
  writeFileSync(join(own, 'kustomization.yaml'), stringify(kustomization));
  return renderedText('own', folder);
}

export function workloads(manifests: readonly Manifest[]): readonly Workload[] {
  return manifests.filter(isWorkload);
}

function isWorkload(manifest: Manifest): manifest is Workload {
  return workloadKinds.some((kind) => kind === manifest.kind);
}

export function podOf({ spec }: Workload): PodSpec {
  return spec.template.spec;
}

export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

export function workloadOf(manifests: readonly Manifest[], kind: Workload['kind'], name: string): Workload {
  const found = find(manifests, kind, name);
  if (!isWorkload(found)) throw new Error(`${kind} makes no pods`);
  return found;
}

/** A file of a generated ConfigMap, whose name ends in a digest. */
export function configFile(manifests: readonly Manifest[], name: string, file: string): string {
  const map = manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(`${name}-`),
  );
  const text = (map?.['data'] as Record<string, string> | undefined)?.[file];
  if (text === undefined) throw new Error(`there is no ${file} in ${name}`);
  return text;
}

export function configObject(manifests: readonly Manifest[], name: string, file: string): object {
  return parse(configFile(manifests, name, file)) as object;
}
