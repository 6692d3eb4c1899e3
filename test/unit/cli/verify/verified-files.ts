import { writeFile } from 'node:fs/promises';
import { beforeEach } from '@jest/globals';
import type { CliContext } from '../../../../src/cli/context.ts';
import type { NodeFeature } from '../../../../src/feature/node-feature.ts';
import { toPem, type TestCa, type TestSvid } from '../../../support/certificates.ts';
import { runCommandLine, type Outcome } from '../../../support/cli-context.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { prepared } from '../../../support/prepared.ts';
import { issue, nodeFeature, noon, policyText, rootCa, seal } from '../../../support/sealing.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

interface VerifiedFiles {
  readonly ca: () => TestCa;
  readonly svid: () => TestSvid;
  readonly sealed: () => NodeFeature;
  readonly path: (name: string) => string;
  /** The arguments that name the authority's bundle. */
  readonly bundle: () => readonly string[];
  /** The arguments that name the policy. */
  readonly policy: () => readonly string[];
  /** `featureseal verify` at noon. */
  readonly verify: (args: readonly string[], overrides?: Partial<CliContext>) => Promise<Outcome>;
}

/** For each test of a file a folder with an object that is accepted (object.json), bundle and policy. */
export function useVerifiedFiles(): VerifiedFiles {
  const path = temporaryFolder();
  const made = prepared(async () => {
    const ca = await rootCa();
    const svid = await issue(ca);
    return { ca, svid, sealed: await seal(nodeFeature(), svid) };
  });
  beforeEach(async () => {
    await writeFile(path('object.json'), JSON.stringify(made().sealed));
    await writeFile(path('bundle.pem'), toPem([made().ca.root]));
    await writeFile(path('policy.yaml'), policyText);
  });
  return {
    ca: () => made().ca,
    svid: () => made().svid,
    sealed: () => made().sealed,
    path,
    bundle: () => ['--bundle', path('bundle.pem')],
    policy: () => ['--policy', path('policy.yaml')],
    verify: (args, overrides = {}) =>
      runCommandLine(['verify', ...args], { clock: new ManualClock(noon), ...overrides }),
  };
}
