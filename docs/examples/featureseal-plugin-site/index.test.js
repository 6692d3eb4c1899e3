import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoverWith } from 'featureseal/plugin-test';
import createSite from './index.js';

test('tells where the machine stands', async () => {
  const host = { '/etc/acme/site.json': '{"site":"fra1","rack":"r17","owner":"nobody\'s business"}' };
  const { features, labels } = await discoverWith(createSite(), { host });
  assert.deepEqual(features.attributes['site.place'], { elements: { site: 'fra1', rack: 'r17' } });
  assert.deepEqual(labels, { 'site.acme.example/site': 'fra1', 'site.acme.example/rack': 'r17' });
});

test('says nothing where there is no such file', async () => {
  const { labels } = await discoverWith(createSite({ file: '/srv/site.json' }), { host: {} });
  assert.deepEqual(labels, {});
});

test('fails where the file is spoilt', async () => {
  const spoilt = discoverWith(createSite(), { host: { '/etc/acme/site.json': '{"rack":17}' } });
  await assert.rejects(spoilt, /plugin site: \/etc\/acme\/site\.json: site and rack must be texts/);
});
