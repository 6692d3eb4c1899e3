import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { parse } from 'yaml';
import { describeRendered, manifestsOf, type Manifest } from './manifests.ts';

const helmFolder = join(import.meta.dirname, '../../deploy/helm');
export const chart = join(helmFolder, 'featureseal');
const helm = findHelm();

/** Tests on what Helm makes of the chart; skipped where there is no helm (scripts/test --cluster builds one). */
export const describeChart = helm === undefined ? describe.skip : describeRendered;

function findHelm(): string | undefined {
  const built = join(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '', 'helm');
  const candidates = existsSync(built) ? [built] : ['helm'];
  return candidates.find((each) => spawnSync(each, ['version']).status === 0);
}

/** Values as a user gives them: a file of deploy/helm/values, and what is set beside it. */
export interface Given {
  readonly file?: string;
  /** As on the command line: `cluster=demo`; after `json:`, as of --set-json. */
  readonly set?: readonly string[];
  readonly namespace?: string;
  /** Version of the cluster, where Helm asks none. */
  readonly kubernetes?: string;
}

export interface HelmOutput {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runHelm(args: readonly string[], env: Readonly<Record<string, string>> = {}): HelmOutput {
  const options = { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 } as const;
  return spawnSync(helm ?? '', args, { ...options, env: { ...process.env, ...env } });
}

/** The arguments that give Helm the chart, a release name and values. */
export function chartArguments({ file, set = [], namespace = 'featureseal' }: Given): readonly string[] {
  const values = file === undefined ? [] : ['--values', join(helmFolder, 'values', `${file}.yaml`)];
  const sets = set.flatMap((each) =>
    each.startsWith('json:') ? ['--set-json', each.slice('json:'.length)] : ['--set', each],
  );
  return ['featureseal', chart, '--namespace', namespace, ...values, ...sets];
}

/** What the chart makes, SPIRE's definitions with it. */
export function templated(given: Given): readonly Manifest[] {
  const { status, stdout, stderr } = runTemplate(given, '--include-crds');
  if (status !== 0) throw new Error(stderr);
  return manifestsOf(stdout).filter((each) => (each as Manifest | null) !== null);
}

function runTemplate(given: Given, ...more: readonly string[]): HelmOutput {
  const { kubernetes = '1.36.0' } = given;
  return runHelm(['template', ...chartArguments(given), '--kube-version', kubernetes, ...more]);
}

/** Why the chart refuses these values, a line for each fault; empty where it does not. */
export function faultsOf(given: Given): readonly string[] {
  const { status, stderr } = runTemplate(given);
  if (status === 0) return [];
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice(2));
}

/** The signers of values.yaml. */
export function defaultSigners(): readonly Readonly<Record<string, unknown>>[] {
  const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as {
    readonly policy: { readonly signers: readonly Readonly<Record<string, unknown>>[] };
  };
  return values.policy.signers;
}
