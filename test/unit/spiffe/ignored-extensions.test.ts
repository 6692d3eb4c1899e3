import { describe, expect, test } from '@jest/globals';
import {
  checkIgnoredExtension,
  isRefused,
  mayBeCritical,
  neverCritical,
} from '../../../src/spiffe/ignored-extensions.ts';
import * as w from '../../support/der-writer.ts';
import { reasonOf } from '../../support/reason.ts';

const oids = {
  distributionPoints: '2.5.29.31',
  policies: '2.5.29.32',
  mappings: '2.5.29.33',
  constraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  access: '1.3.6.1.5.5.7.1.1',
} as const;
const anyPolicy = '2.5.29.32.0';

const points = (...point: readonly Uint8Array[]) => w.sequence(w.sequence(...point));
const fullName = w.explicit(0, w.explicit(0, w.context(6, w.ascii('http://a/'))));
const policies = (...list: (readonly Uint8Array[])[]) => w.sequence(...list.map((one) => w.sequence(...one)));
const location = w.context(6, w.ascii('http://a/'));

describe('an extension that decides nothing', () => {
  test.each<[keyof typeof oids, string, Uint8Array]>([
    ['distributionPoints', 'a full name', points(fullName)],
    ['distributionPoints', 'all members', points(fullName, w.context(1, w.bytes(7, 0x80)), w.explicit(2))],
    ['distributionPoints', 'reasons alone', points(w.context(1, w.bytes(7, 0x80)))],
    ['policies', 'two', policies([w.oid('1.2.3')], [w.oid('1.2.4'), w.sequence()])],
    ['policies', 'anyPolicy', policies([w.oid(anyPolicy)])],
    ['mappings', 'two', policies([w.oid('1.2.3'), w.oid('1.2.4')], [w.oid('1.2.3'), w.oid('1.2.5')])],
    ['constraints', 'none', w.sequence()],
    ['constraints', 'both', w.sequence(w.context(0, w.bytes(0)), w.context(1, w.bytes(1)))],
    ['extendedKeyUsage', 'two', w.sequence(w.oid('1.2.3'), w.oid('1.2.4'))],
    ['inhibitAnyPolicy', 'a number', w.integer(0)],
    ['access', 'two', policies([w.oid('1.2.3'), location], [w.oid('1.2.3'), location])],
  ])('%s of %s is read', async (name, _what, value) => {
    expect(await reasonOf(() => checkIgnoredExtension(oids[name], value))).toBe('accepted');
  });

  test.each<[keyof typeof oids, string, Uint8Array]>([
    ['distributionPoints', 'another type', w.set(w.sequence(fullName))],
    ['distributionPoints', 'a point of another type', w.sequence(w.set(fullName))],
    ['distributionPoints', 'a relative name', points(w.explicit(0, w.explicit(1)))],
    ['distributionPoints', 'two names in one', points(w.explicit(0, w.explicit(0), w.explicit(0)))],
    ['distributionPoints', 'members out of order', points(w.context(1, w.bytes(7, 0x80)), fullName)],
    ['distributionPoints', 'a member too many', points(fullName, w.nullValue)],
    ['distributionPoints', 'a tail', Buffer.concat([points(fullName), w.nullValue])],
    ['policies', 'one that is no identifier', policies([w.integer(1)])],
    ['policies', 'one with nothing in it', policies([])],
    ['policies', 'the same twice', policies([w.oid('1.2.3')], [w.oid('1.2.3')])],
    ['policies', 'qualifiers of another type', policies([w.oid('1.2.3'), w.set()])],
    ['policies', 'a member too many', policies([w.oid('1.2.3'), w.sequence(), w.nullValue])],
    ['mappings', 'one identifier', policies([w.oid('1.2.3')])],
    ['mappings', 'three identifiers', policies([w.oid('1.2.3'), w.oid('1.2.4'), w.oid('1.2.5')])],
    ['constraints', 'another type', w.set()],
    [
      'constraints',
      'the second before the first',
      w.sequence(w.context(1, w.bytes(1)), w.context(0, w.bytes(0))),
    ],
    ['constraints', 'a negative number', w.sequence(w.context(0, w.bytes(0x80)))],
    ['constraints', 'a negative second number', w.sequence(w.context(1, w.bytes(0x80)))],
    ['constraints', 'a third number', w.sequence(w.context(2, w.bytes(1)))],
    ['extendedKeyUsage', 'none', w.sequence()],
    ['extendedKeyUsage', 'one that is no identifier', w.sequence(w.oid('1.2.3'), w.integer(1))],
    ['extendedKeyUsage', 'another type', w.set(w.oid('1.2.3'))],
    ['inhibitAnyPolicy', 'a negative number', w.integer(0x80)],
    ['inhibitAnyPolicy', 'a tail', Buffer.concat([w.integer(0), w.nullValue])],
    ['inhibitAnyPolicy', 'another type', w.bytes(4, 1, 0)],
    ['access', 'no location', policies([w.oid('1.2.3')])],
    ['access', 'no method', policies([location, location])],
    ['access', 'a member too many', policies([w.oid('1.2.3'), location, location])],
  ])('%s of %s is refused', async (name, _what, value) => {
    expect(await reasonOf(() => checkIgnoredExtension(oids[name], value))).toBe('certificate-malformed');
  });

  test('anyPolicy is mapped neither way', () => {
    const mapped =
      (...pair: readonly string[]) =>
      () =>
        checkIgnoredExtension(oids.mappings, policies(pair.map((oid) => w.oid(oid))));
    expect(mapped(anyPolicy, '1.2.3')).toThrow('anyPolicy as issuer policy');
    expect(mapped('1.2.3', anyPolicy)).toThrow('anyPolicy as subject policy');
  });

  test('a policy that stands twice is named', () => {
    const twice = policies([w.oid('1.2.3')], [w.oid('1.2.3')]);
    expect(() => checkIgnoredExtension(oids.policies, twice)).toThrow(
      'extension 2.5.29.32: policy 1.2.3 twice',
    );
    expect(() => checkIgnoredExtension(oids.extendedKeyUsage, w.sequence())).toThrow('2.5.29.37: no purpose');
  });

  test('of private use holds any bytes', async () => {
    expect(await reasonOf(() => checkIgnoredExtension('1.2.3.4', w.bytes(0xff)))).toBe('accepted');
  });
});

test('which extensions may be critical, must not be, and refuse a path', () => {
  const all = [...Object.values(oids), '2.5.29.14', '2.5.29.35', '2.5.29.15', '1.2.3'];
  expect(all.filter(mayBeCritical)).toEqual([oids.policies, oids.extendedKeyUsage]);
  expect(all.filter((oid) => neverCritical.has(oid))).toEqual([oids.access, '2.5.29.14', '2.5.29.35']);
  expect(all.filter(isRefused)).toEqual([oids.constraints]);
});
