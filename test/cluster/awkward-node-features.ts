import type { NodeFeatureSpec } from '../../src/feature/node-feature.ts';

/**
 * Contents that a canonical form or a store can get wrong; each is a spec as JSON text or as an object. Texts are used
 * where a JavaScript literal would not say it exactly.
 */
export const awkwardSpecs: Readonly<Record<string, NodeFeatureSpec>> = {
  // RFC 8785 section 3.2.3 sorts by UTF-16 code units; UTF-8 and Go sort U+FB33 before U+1F600.
  'keys whose order differs between UTF-16 and UTF-8': attributes({
    '\u{1F600}': 'a',
    '\uFB33': 'b',
    '\uFFFD': 'c',
    z: 'd',
  }),
  // Own members, not the prototype: an assignment would lose them.
  'keys that JavaScript gives a meaning': attributes({
    ['__proto__']: 'a',
    constructor: 'b',
    toString: 'c',
    hasOwnProperty: 'd',
  }),
  // JavaScript lists integer keys first and by value, RFC 8785 sorts them as text.
  'keys that look like integers': attributes({
    '10': 'a',
    '9': 'b',
    '1': 'c',
    '007': 'd',
    '-1': 'e',
    '4294967295': 'f',
  }),
  'astral characters in keys and values': attributes({ '\u{10FFFD}': '\u{1F4BE}\u{20BB7}', '𝒳': '👩‍💻' }),
  'text in several Unicode normal forms': attributes({
    '\u00E9': '\u0065\u0301',
    '\u0065\u0301': '\u00E9',
    '\uFB01': '\u212B',
  }),
  'control characters and what JSON escapes': attributes({
    '"\\/\b\f\n\r\t': '\u0000\u0001\u001F\u007F\u0080',
    ' ': '"quoted" \\ and /',
  }),
  // Go's encoder escapes these for HTML, JavaScript's does not.
  'characters that Go escapes': attributes({ '<&>': '<script>&amp;</script>', '\u2028': '\u2029' }),
  'a byte order mark and noncharacters': attributes({ '\uFEFF': '\uFFFE\uFFFF', '\u{1FFFE}': '\u{10FFFF}' }),
  'texts that look like other JSON': attributes({
    true: 'false',
    null: 'null',
    '1e3': '1E400',
    '-0': '-0',
    '{}': '[]',
    NaN: 'Infinity',
  }),
  'empty maps, lists and texts': {
    features: {
      flags: { 'a.empty': { elements: {} } },
      attributes: {},
      instances: { 'b.empty': { elements: [] } },
    },
    labels: { '': '', key: '' },
  },
  'a spec with nothing in it': {},
  'instances of which some are empty and some are equal': {
    features: {
      instances: {
        'pci.device': {
          elements: [
            { attributes: {} },
            { attributes: { vendor: '8086' } },
            { attributes: { vendor: '8086' } },
            { attributes: {} },
          ],
        },
      },
    },
  },
  'one very long key and one very long value': attributes({
    [`k${'é'.repeat(32_768)}`]: '\u{1F600}'.repeat(16_384),
  }),
  'a megabyte in many small parts': {
    features: {
      flags: { 'cpu.cpuid': { elements: Object.fromEntries(numbers(2_000).map((n) => [`FLAG${n}`, {}])) } },
      attributes: {
        'kernel.config': {
          elements: Object.fromEntries(numbers(26_000).map((n) => [`CONFIG_${n}`, `value ${n} of many`])),
        },
      },
      instances: {
        'pci.device': {
          elements: numbers(1_000).map((n) => ({
            attributes: { class: '0200', device: `${n}`, sriov_totalvfs: '8' },
          })),
        },
      },
    },
  },
};

function attributes(elements: Readonly<Record<string, string>>): NodeFeatureSpec {
  return {
    features: { attributes: { 'test.attributes': { elements } } },
    labels: elements,
  };
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
