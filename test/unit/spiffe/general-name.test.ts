import { describe, expect, test } from '@jest/globals';
import { DerReader } from '../../../src/spiffe/der.ts';
import {
  hasNoEmptyLabel,
  looksLikeAddress,
  parseMailbox,
  readGeneralNames,
  uriHost,
} from '../../../src/spiffe/general-name.ts';
import * as w from '../../support/der-writer.ts';
import { reasonOf } from '../../support/reason.ts';

describe('uriHost', () => {
  test.each([
    ['https://example.org', 'example.org'],
    ['HTTPS://Example.org/', 'Example.org'],
    ['https://user:pw@example.org:8080/a?b#c', 'example.org'],
    ['https://%41@a', 'a'],
    ['https://a:', 'a'],
    ['https://a?b', 'a'],
    ['https://a#b', 'a'],
    ["https://a-_~!$&'()*+,;=.b", "a-_~!$&'()*+,;=.b"],
    ["https://a/-._~!$&'()*+,;=:@%4f/?#-._~!$&'()*+,;=:@%4F/?", 'a'],
    ['h+t-t.p1://a', 'a'],
    ['https://', ''],
    ['https:///a', ''],
    ['urn:uuid:1', ''],
    ['a:', ''],
  ])('of %s is %j', (text, host) => {
    expect(uriHost(text)).toBe(host);
  });

  test.each([
    '',
    'a',
    '//a',
    '1http://a',
    ' http://a',
    'http ://a',
    'http://a b',
    'http://a\n',
    'http://a:8x',
    'http://a:80:80',
    'http://a@b@c',
    'http://%4@a',
    'http://%4g@a',
    'http://u^@a',
    'http://%41',
    'http://[::1]',
    'http://a^',
    'http://a/^',
    'http://a/%4',
    'http://a/%4g',
    'http://a#^',
    'http://a#%4',
    'http://a#b#c',
    'http://.a',
    'http://a.',
    'http://a..b',
  ])('%j has none', (text) => {
    expect(uriHost(text)).toBeUndefined();
  });
});

describe('parseMailbox', () => {
  test.each([
    ['me@Example.ORG', 'me@example.org'],
    ['Me@a', 'Me@a'],
    ["a.b!#$%&'*+/=?^_`{|}~-c.0@x-y.z_1", "a.b!#$%&'*+/=?^_`{|}~-c.0@x-y.z_1"],
  ])('of %s is %s', (text, mailbox) => {
    expect(parseMailbox(text)).toBe(mailbox);
  });

  test.each(['', 'a', '@x', 'a@', 'a@@x', 'a@b@c', '.a@x', 'a.@x', 'a..b@x', 'a@.x', 'a@x.', 'a@x..y'])(
    '%j is none',
    (text) => expect(parseMailbox(text)).toBeUndefined(),
  );

  test.each(['"a"@x', 'a b@x', ' a@x', 'a@x ', 'a@x\n', 'a@x y', 'a@[1.2.3.4]', 'ä@x', 'a@ä', '(c)a@x'])(
    '%j is none either',
    (text) => expect(parseMailbox(text)).toBeUndefined(),
  );
});

test('an empty label is one before, between or after dots', () => {
  expect(['a', 'a.b', 'a.b.c'].map(hasNoEmptyLabel)).toEqual([true, true, true]);
  expect(['', '.', '.a', 'a.', 'a..b'].map(hasNoEmptyLabel)).toEqual([false, false, false, false, false]);
});

test('some reader takes for an address what ends in a number', () => {
  const yes = ['1', '1.2.3.4', 'a.1', 'a.10', '0x1f', '0X1F', 'a.0x', 'a.0x09af'];
  const no = ['a', 'a1', '1a', 'a.1a', '1.a', '0xg', 'a.0x1g', '10x1', 'a.x1', '1.', ''];
  expect(yes.filter((domain) => !looksLikeAddress(domain))).toEqual([]);
  expect(no.filter(looksLikeAddress)).toEqual([]);
});

describe('readGeneralNames', () => {
  const read = (...names: readonly Uint8Array[]) =>
    readGeneralNames(new DerReader(Buffer.concat(names)), 'names');

  test('gives the names of four forms, as written, and leaves the others out', () => {
    const names = read(
      w.explicit(0),
      w.context(1, w.ascii('Me@a')),
      w.context(2, w.ascii('*.A.b')),
      w.explicit(3),
      w.explicit(4, w.commonName('x')),
      w.explicit(5),
      w.context(6, w.ascii('spiffe://a/b')),
      w.context(7, w.bytes(1, 2, 3, 4)),
      w.context(7, new Uint8Array(16)),
      w.context(8, w.bytes(0x55)),
    );
    expect(names).toEqual([
      { form: 'email', text: 'Me@a' },
      { form: 'dns', text: '*.A.b' },
      { form: 'uri', text: 'spiffe://a/b' },
      { form: 'ip', octets: w.bytes(1, 2, 3, 4) },
      { form: 'ip', octets: new Uint8Array(16) },
    ]);
  });

  test.each<[string, readonly Uint8Array[], string]>([
    ['no name', [], 'no name'],
    ['an unknown form', [w.context(9, w.bytes())], 'unknown form of name'],
    ['otherName as a primitive', [w.context(0, w.bytes())], 'unknown form of name'],
    ['a registeredID as a constructed one', [w.explicit(8)], 'unknown form of name'],
    ['a space in a mailbox', [w.context(1, w.ascii('a b@c'))], 'not visible ASCII'],
    ['an empty label', [w.context(2, w.ascii('a..b'))], 'DNS name with an empty label'],
    ['what is no URI', [w.context(6, w.ascii('a'))], 'not a URI'],
    ['an address of 3 octets', [w.context(7, new Uint8Array(3))], 'IP address'],
    ['an address of 8 octets', [w.context(7, new Uint8Array(8))], 'IP address'],
    ['an address of 17 octets', [w.context(7, new Uint8Array(17))], 'IP address'],
  ])('refuses %s', async (_what, names, fault) => {
    expect(await reasonOf(() => read(...names))).toBe('certificate-malformed');
    expect(() => read(...names)).toThrow(`names: ${fault}`);
  });
});
