import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubectl as kubectlFile } from '../deploy/manifests.ts';
import type { ControlPlane } from './control-plane.ts';
import { Kubectl } from './node/kubectl.ts';

/** kubectl of somebody who may do everything on that control plane. */
export async function kubectlOf(plane: ControlPlane): Promise<Kubectl> {
  const kubeconfig = join(plane.folder, 'kubeconfig');
  await writeFile(kubeconfig, await plane.kubeconfig('admin', ['system:masters']));
  return new Kubectl([kubectlFile ?? 'kubectl'], kubeconfig, join(plane.folder, 'kubectl-cache'));
}
