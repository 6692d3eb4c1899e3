import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { driverSocket, nodePluginProgram } from '../../cluster/node-plugin-program.ts';
import { RunningPrograms, type Program } from '../../cluster/programs.ts';
import { describeOnCluster } from '../../cluster/suite.ts';
import { FakeTokenApi } from '../../unit/identity/fake-token-api.ts';

const root = join(import.meta.dirname, '../../..');
const csiDriver = join(root, 'deploy/components/development-identity/objects/csi-driver.yaml');

// Those that do not skip themselves: the others are for capabilities that this driver does not claim.
const outcomes = [
  'passed: Identity Service GetPluginCapabilities should return appropriate capabilities',
  'passed: Identity Service GetPluginInfo should return appropriate information',
  'passed: Identity Service Probe should return appropriate information',
  'passed: Node Service NodeGetCapabilities should return appropriate capabilities',
  'passed: Node Service NodeGetInfo should return appropriate values',
  'passed: Node Service NodePublishVolume should fail when no target path is provided',
  'passed: Node Service NodePublishVolume should fail when no volume capability is provided',
  'passed: Node Service NodePublishVolume should fail when no volume id is provided',
  'passed: Node Service NodeUnpublishVolume should fail when no target path is provided',
  'passed: Node Service NodeUnpublishVolume should fail when no volume id is provided',
];
// The exception. It has a Controller make a volume first, and volumes of this driver come with their pods; that unpublish
// removes the path, test/unit/identity/csi-requests.test.ts holds.
const exception = 'Node Service NodeUnpublishVolume should remove target path';

describeOnCluster('featureseal identity node-plugin, judged by csi-sanity', () => {
  let api: FakeTokenApi;
  let programs: RunningPrograms;

  beforeEach(async () => {
    api = await FakeTokenApi.start();
    api.csiDriver = z.looseObject({}).parse(parse(await readFile(csiDriver, 'utf8')));
    programs = await startBoth(api);
  });
  afterEach(async () => {
    await programs.close();
    await api.close();
  });

  test('passes every check of the Identity and Node services but the one that needs a Controller', async () => {
    expect(await programs.ends('csi-sanity')).toBe(1);
    const checks = checksOf(await readFile(join(programs.folder, 'report.json'), 'utf8'));
    const isFailed = ({ state }: Check): boolean => state === 'failed';
    const others = checks.filter((check) => !isFailed(check)).map(({ state, name }) => `${state}: ${name}`);
    expect(others.toSorted()).toEqual(outcomes);
    expect(checks.filter(isFailed)).toMatchObject([
      { name: exception, failure: expect.stringContaining('method /csi.v1.Controller/CreateVolume') },
    ]);
  });
});

/** The plugin as its DaemonSet runs it, and csi-sanity, which waits for its socket by itself. */
async function startBoth(api: FakeTokenApi): Promise<RunningPrograms> {
  const folder = await mkdtemp(join(tmpdir(), 'fs-csi-'));
  const inFolder = (name: string): string => join(folder, name);
  const plugin = await nodePluginProgram(folder, api.kubeconfig());
  const sanity: Program = {
    name: 'csi-sanity',
    file: join(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '', 'csi-sanity'),
    args: [
      `--csi.endpoint=${inFolder(driverSocket)}`,
      `--csi.mountdir=${inFolder('mount')}`,
      `--csi.stagingdir=${inFolder('staging')}`,
      `--ginkgo.json-report=${inFolder('report.json')}`,
      '--ginkgo.focus=(Identity|Node) Service',
    ],
    output: 'file',
  };
  return new RunningPrograms({ folder, programs: [plugin, sanity] });
}

interface Check {
  /** Its groups and its own text. */
  readonly name: string;
  readonly state: string;
  readonly failure: string | undefined;
}

const reportShape = z.array(
  z.object({
    SpecReports: z.array(
      z.object({
        ContainerHierarchyTexts: z.array(z.string()).nullable(),
        LeafNodeText: z.string(),
        State: z.string(),
        Failure: z.object({ Message: z.string() }).optional(),
      }),
    ),
  }),
);

/** The checks that did not skip themselves, of Ginkgo's JSON report. */
function checksOf(text: string): readonly Check[] {
  return reportShape
    .parse(JSON.parse(text))
    .flatMap((suite) => suite.SpecReports)
    .filter(({ State: state }) => state !== 'skipped' && state !== 'pending')
    .map(({ ContainerHierarchyTexts: groups, LeafNodeText: own, State: state, Failure: failure }) => ({
      name: [...(groups ?? []), own].join(' '),
      state,
      failure: failure?.Message,
    }));
}
