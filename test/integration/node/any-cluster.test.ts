import { describe, jest } from '@jest/globals';
import { describeInstalled } from '../../cluster/node/installed.ts';
import { Kubectl } from '../../cluster/node/kubectl.ts';

const kubeconfig = process.env['FEATURESEAL_E2E_KUBECONFIG'];
const overlay = process.env['FEATURESEAL_E2E_OVERLAY'] ?? 'default';
const manifests = process.env['FEATURESEAL_E2E_MANIFESTS'];
// scripts/e2e names the cluster.
const describeOnCluster = kubeconfig === undefined ? describe.skip : describe;

jest.setTimeout(300_000);

describeOnCluster(`overlay ${overlay} on a cluster of somebody's`, () => {
  describeInstalled(overlay, () => new Kubectl(['kubectl'], kubeconfig ?? ''), manifests);
});
