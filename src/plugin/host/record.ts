import type { Dirent } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { questionsInARow, type HostFiles } from './files.ts';
import { reasonOf, systemCode } from '../thrown.ts';

/** What a host answered, question by question. */
export interface HostRecord {
  /** True where it answers the same again; false too where `signal` aborts first. */
  holds(files: HostFiles, signal: AbortSignal): Promise<boolean>;
}

type Check = (files: HostFiles) => boolean;
type Answer<T> = { readonly value: T } | { readonly thrown: unknown };

/** Files that note each answer. */
export function recorded(files: HostFiles): { readonly files: HostFiles; readonly record: HostRecord } {
  const checks: Check[] = [];
  const noted = <T>(ask: (files: HostFiles) => T, isSame: (before: T, now: T) => boolean): T => {
    const before = answerTo(() => ask(files));
    checks.push((others) =>
      isSameAnswer(
        before,
        answerTo(() => ask(others)),
        isSame,
      ),
    );
    if ('thrown' in before) throw before.thrown;
    return before.value;
  };
  return {
    files: {
      link: (path) => noted((each) => each.link(path), Object.is),
      read: (path, most) => noted((each) => each.read(path, most), isSameContent),
      list: (path) => noted((each) => each.list(path), isSameFolder),
    },
    record: {
      async holds(others, signal) {
        for (const [index, check] of checks.entries()) {
          if (index % questionsInARow === questionsInARow - 1) await setImmediate();
          if (signal.aborted || !check(others)) return false;
        }
        return true;
      },
    },
  };
}

function answerTo<T>(ask: () => T): Answer<T> {
  try {
    return { value: ask() };
  } catch (thrown) {
    return { thrown };
  }
}

function isSameAnswer<T>(before: Answer<T>, now: Answer<T>, isSame: (before: T, now: T) => boolean): boolean {
  if ('thrown' in before || 'thrown' in now) return faultOf(before) === faultOf(now);
  return isSame(before.value, now.value);
}

/** Of the system's errors the code alone: a message may hold what differs each time. */
function faultOf(answer: Answer<unknown>): string | undefined {
  return 'thrown' in answer ? (systemCode(answer.thrown) ?? reasonOf(answer.thrown)) : undefined;
}

function isSameContent(before: Uint8Array, now: Uint8Array): boolean {
  return Buffer.compare(before, now) === 0;
}

/** Where a link leads is asked by itself. */
function isSameFolder(before: readonly Dirent[], now: readonly Dirent[]): boolean {
  return (
    before.length === now.length &&
    before.every(({ name }, index) => name === now[index]?.name) &&
    before.every((entry, index) => entry.isSymbolicLink() === now[index]?.isSymbolicLink())
  );
}
