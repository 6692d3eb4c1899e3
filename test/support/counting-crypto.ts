import type { Crypto } from '../../src/crypto.ts';

/** The runtime's own provider, which also counts the calls of each method of `subtle`. */
export function countingCrypto(): { readonly crypto: Crypto; readonly calls: (method: string) => number } {
  const calls: (string | symbol)[] = [];
  const { subtle } = globalThis.crypto;
  const countingSubtle = new Proxy(subtle, {
    get(target, name): unknown {
      calls.push(name);
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const crypto = new Proxy(globalThis.crypto, {
    get: (target, name): unknown => (name === 'subtle' ? countingSubtle : Reflect.get(target, name)),
  });
  return { crypto, calls: (method) => calls.filter((name) => name === method).length };
}
