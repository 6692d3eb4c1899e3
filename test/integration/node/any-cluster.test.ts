import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, jest } from '@jest/globals';
import { describeInstalled } from '../../cluster/node/installed.ts';
import { Kubectl } from '../../cluster/node/kubectl.ts';
import { prepared } from '../../support/prepared.ts';

const kubeconfig = process.env['FEATURESEAL_E2E_KUBECONFIG'];
const overlay = process.env['FEATURESEAL_E2E_OVERLAY'] ?? 'default';
const manifests = process.env['FEATURESEAL_E2E_MANIFESTS'];
// scripts/e2e names the cluster.
const describeOnCluster = kubeconfig === undefined ? describe.skip : describe;

jest.setTimeout(300_000);

describeOnCluster(`overlay ${overlay} on a cluster of somebody's`, () => {
  const cache = prepared(
    () => mkdtemp(join(tmpdir(), 'fs-kubectl-')),
    (folder) => rm(folder, { recursive: true }),
  );
  describeInstalled(overlay, () => new Kubectl(['kubectl'], kubeconfig ?? '', cache()), manifests);
});
