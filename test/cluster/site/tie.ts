import type { Socket } from 'node:net';

/** What comes in at one goes out at the other; where one ends, so does the other. */
export function tie(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
