import { describe, expect, test } from '@jest/globals';
import { checkDriver } from '../../../src/identity/node-plugin/driver.ts';
import { reasonOf } from '../../support/reason.ts';
import { call } from '../../support/csi-call.ts';
import { clusterRig } from './cluster-rig.ts';
import { audience } from './fake-token-api.ts';
import { kubeletOf } from './kubelet.ts';

const rig = clusterRig();
const { csiSocket, node } = kubeletOf(rig);
const registered = { type: 'CSIPlugin', name: 'csi.spiffe.io', supported_versions: ['1.0.0'] };

describe('kubelet', () => {
  test('is told of the driver where it looks, and its verdict is heard', async () => {
    const registry = rig().path('kubelet/plugins_registry/csi.spiffe.io-reg.sock');
    const notify = (message: object) =>
      call(registry, 'pluginregistration.Registration', 'NotifyRegistrationStatus', message);
    const check = () => rig().plugin.checks()['registration']?.();
    expect(await call(registry, 'pluginregistration.Registration', 'GetInfo', {})).toEqual({
      ...registered,
      endpoint: csiSocket(),
    });
    expect(check()).toBe('kubelet has not asked yet');
    await notify({ plugin_registered: false, error: 'no such version' });
    expect(check()).toContain('no such version');
    await notify({ plugin_registered: true });
    expect(check()).toBeUndefined();
  });

  test('learns who the driver is', async () => {
    const identity = (method: string) => call(csiSocket(), 'csi.v1.Identity', method, {});
    expect(await identity('GetPluginInfo')).toEqual({ name: 'csi.spiffe.io', vendor_version: '1' });
    expect(await identity('GetPluginCapabilities')).toEqual({});
    expect(await identity('Probe')).toEqual({ ready: { value: true } });
    expect(await node('NodeGetCapabilities', {})).toEqual({});
    expect(await node('NodeGetInfo', {})).toEqual({ node_id: 'node-a', max_volumes_per_node: 0 });
  });

  test('keeps its driver: a second plugin does not take the place of one that serves', async () => {
    await expect(rig().createPlugin()).rejects.toMatchObject({ code: 'already-exists' });
    expect(await node('NodeGetInfo', {})).toMatchObject({ node_id: 'node-a' });
  });
});

describe('the CSIDriver object', () => {
  const spec = {
    podInfoOnMount: true,
    requiresRepublish: true,
    volumeLifecycleModes: ['Persistent', 'Ephemeral'],
    tokenRequests: [{ audience }],
  };
  const labels = { 'featureseal.io/identity': 'development' };
  const check = () => checkDriver(rig().client, audience, new AbortController().signal);

  test("of ours is this driver's", async () => {
    rig().api.csiDriver = { metadata: { labels }, spec };
    expect(await reasonOf(check)).toBe('accepted');
  });

  test.each<[string, object | undefined]>([
    ['is missing', undefined],
    ['has no label of ours', { metadata: {}, spec }],
    [
      "is SPIFFE's own, with all of ours merged into it that can be",
      { metadata: { labels }, spec: { ...spec, volumeLifecycleModes: ['Ephemeral'] } },
    ],
    ['says no podInfoOnMount', { metadata: { labels }, spec: { ...spec, podInfoOnMount: false } }],
    ['says no requiresRepublish', { metadata: { labels }, spec: { ...spec, requiresRepublish: false } }],
    [
      'allows no inline volumes',
      { metadata: { labels }, spec: { ...spec, volumeLifecycleModes: ['Persistent'] } },
    ],
    ['is no object', { spec: 'text' }],
    [
      'asks for other tokens',
      { metadata: { labels }, spec: { ...spec, tokenRequests: [{ audience: 'vault' }] } },
    ],
  ])('stops the start where it %s', async (_, driver) => {
    rig().api.csiDriver = driver;
    expect(await reasonOf(check)).toBe('driver-mismatch');
  });
});
