import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hostOf } from '../../../src/plugin/host/host.ts';
import { builtinPluginNames, loadBuiltinPlugins, loadPlugins } from '../../../src/plugin/load.ts';
import { silentLog } from '../../../src/runtime/log.ts';

const folder = join(import.meta.dirname, 'modules');
const signal = new AbortController().signal;
const context = {
  host: hostOf({ hostRoot: '/', signal }),
  hostRoot: '/',
  now: new Date(0),
  signal,
  log: silentLog,
};

describe('loading plugins', () => {
  test('gives the built-in ones by the same way as all others', async () => {
    const plugins = await loadBuiltinPlugins();
    expect(plugins.map(({ name }) => name)).toEqual([...builtinPluginNames]);
  });

  test('hands options to the factory', async () => {
    const [plugin] = await loadPlugins([{ module: './good.ts', options: { colour: 'red' } }], { folder });
    await expect(plugin?.discover(context)).resolves.toMatchObject({
      features: { attributes: { paint: { elements: { colour: 'red' } } } },
    });
  });

  test('calls an object of a class as its own', async () => {
    const [plugin] = await loadPlugins([{ module: './class.ts' }], { folder });
    await expect(plugin?.discover(context)).resolves.toMatchObject({
      features: { attributes: { count: { elements: { found: '1' } } } },
    });
  });

  const discover = async () => undefined;
  test.each<[string, unknown, RegExp]>([
    ['./no-default.ts', undefined, /its default export is not a function/],
    ['./object.ts', undefined, /its default export is not a function/],
    ['./broken.ts', undefined, /broken at import/],
    ['./throws.ts', undefined, /the option colour is needed/],
    ['./absent.ts', undefined, /absent\.ts/],
    ['no-such-package', undefined, /no-such-package/],
    ['featureseal/plugins/no-such', undefined, /no-such/],
    ['./given.ts', undefined, /its factory did not return a plugin/],
    ['./given.ts', { name: 'named' }, /it has no function discover/],
    ['./given.ts', { discover }, /its name must be/],
    ['./given.ts', { name: 'Upper', discover }, /its name must be/],
    ['./given.ts', { name: 'a.b', discover }, /its name must be/],
    ['./given.ts', { name: '-a', discover }, /its name must be/],
    ['./given.ts', { name: '__proto__', discover }, /its name must be/],
    ['./given.ts', { name: 'a'.repeat(33), discover }, /its name must be/],
    ['./given.ts', { name: 'rule', discover }, /its name is reserved/],
  ])('refuses %s with %j', async (module, options, reason) => {
    await expect(loadPlugins([{ module, options }], { folder })).rejects.toMatchObject({
      code: 'plugin-invalid',
      message: expect.stringContaining(JSON.stringify(module)),
    });
    await expect(loadPlugins([{ module, options }], { folder })).rejects.toThrow(reason);
  });

  test.each([
    '/etc/plugin.js',
    '../modules/good.ts',
    './../modules/good.ts',
    './',
    'file:///etc/plugin.js',
    'data:text/javascript,export default 1',
    'node:fs',
    'events',
    'https://example.org/plugin.js',
    '#internal',
    'package/../other',
    './good.ts?again',
    '',
  ])('refuses %j: neither a package nor next to the configuration', async (module) => {
    await expect(loadPlugins([{ module }], { folder })).rejects.toThrow(
      /a plugin is a package name, or a path that begins with \.\//,
    );
  });

  test('refuses a name that is taken, and says by whom', async () => {
    const entries = [{ module: './good.ts' }, { module: './good-again.ts' }];
    await expect(loadPlugins(entries, { folder })).rejects.toMatchObject({
      code: 'plugin-invalid',
      message:
        '[plugin-invalid] plugin "./good-again.ts" cannot be used: its name good is taken by ./good.ts',
    });
  });
});
