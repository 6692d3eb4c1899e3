import type { Crypto } from '../../../src/crypto.ts';

/** Counts what is under way, so that a test knows when nothing is. */
export function trackedCrypto(): { readonly crypto: Crypto; readonly isBusy: () => boolean } {
  let underWay = 0;
  const subtle = new Proxy(globalThis.crypto.subtle, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        underWay += 1;
        const done = (): void => void (underWay -= 1);
        const result = Reflect.apply(member, target, args) as Promise<unknown>;
        void result.then(done, done);
        return result;
      };
    },
  });
  const crypto = new Proxy(globalThis.crypto, {
    get: (target, name): unknown => (name === 'subtle' ? subtle : Reflect.get(target, name)),
  });
  return { crypto, isBusy: () => underWay > 0 };
}
