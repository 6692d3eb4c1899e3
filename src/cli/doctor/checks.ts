import { apiServer, clock } from './api-server.ts';
import type { Check } from './check.ts';
import { csiDriver, csiDriverVersion } from './csi-driver.ts';
import { definitions, sealSurvives } from './definitions.ts';
import { foreignMasters } from './foreign-masters.ts';
import { bundle, identity, workloadApi } from './identity.ts';
import { objectsAccepted } from './node-features.ts';
import { nodesCovered } from './nodes.ts';
import { clusterName, policyLoads } from './policy.ts';
import { componentReady, lease } from './processes.ts';
import { rightsOf } from './rights.ts';

/** All checks, from the ground up: what fails first explains what fails after it. */
export const checks: readonly Check[] = [
  apiServer,
  clock,
  definitions,
  sealSurvives,
  rightsOf('worker'),
  rightsOf('master'),
  csiDriver,
  csiDriverVersion,
  workloadApi,
  policyLoads,
  clusterName,
  identity,
  bundle,
  componentReady('worker'),
  componentReady('master'),
  lease,
  foreignMasters,
  nodesCovered,
  objectsAccepted,
];
