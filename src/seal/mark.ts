import { z } from 'zod';
import { byCodeUnits } from '../feature/canonical-text.ts';
import type { ObjectKey } from '../port/node-feature-store.ts';
import type { AcceptedSeal } from './freshness.ts';
import { fillTemplate } from './id-template.ts';
import type { Policy } from './policy.ts';
import { maxNodeName } from './subject.ts';

/** Annotation on the Node that remembers the newest accepted seal of each object. */
export const markAnnotation = 'featureseal.io/accepted';

/** Objects that one mark remembers. */
export const maxObjects = 16;
const maxBytes = 16 * 1024;

/** The mark of one Node: it outlives restarts, leaders and the objects themselves (threats A11, B1, B3, B4). */
export interface Mark {
  readonly objects: ReadonlyMap<ObjectKey, AcceptedSeal>;
}

export const emptyMark: Mark = { objects: new Map() };

const objectKey = z.custom<ObjectKey>((value) => typeof value === 'string' && /^[^/]+\/[^/]+$/.test(value));
const markSchema = z.strictObject({
  uid: z.string(),
  objects: z.record(
    objectKey,
    z.strictObject({
      iat: z.int().min(1),
      digest: z.string().max(64).optional(),
      signer: z.string().max(2048),
    }),
  ),
});

/** What a mark is read against. */
export interface MarkContext {
  /** UID of the Node as it is now. */
  readonly uid: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds. */
  readonly maxAge: number;
}

/**
 * Reads the mark. One of an earlier Node, an unreadable one and one from the far future count as absent: a mark can be
 * edited by whoever edits Nodes, and must not be able to silence an honest worker for ever.
 *
 * @returns the mark, and what was wrong with it, for an Event
 */
export function readMark(text: string | undefined, context: MarkContext): { mark: Mark; problem?: string } {
  if (text === undefined) return { mark: emptyMark };
  const parsed = parse(text);
  if (parsed === undefined) return { mark: emptyMark, problem: 'the mark cannot be read' };
  if (parsed.uid !== context.uid)
    return { mark: emptyMark, problem: 'the mark belongs to an earlier Node of this name' };
  const entries = Object.entries(parsed.objects) as [ObjectKey, AcceptedSeal][];
  if (entries.length > maxObjects)
    return { mark: emptyMark, problem: `the mark names more than ${String(maxObjects)} objects` };
  const known = entries.filter(([, { iat }]) => iat <= context.now + context.maxAge);
  const mark = { objects: new Map(known) };
  return known.length === entries.length
    ? { mark }
    : { mark, problem: 'the mark holds a time far in the future' };
}

/** The mark's text; undefined where nothing is left to remember. */
export function writeMark(uid: string, mark: Mark): string | undefined {
  if (mark.objects.size === 0) return undefined;
  const sorted = [...mark.objects].sort(([a], [b]) => byCodeUnits(a, b));
  return JSON.stringify({ uid, objects: Object.fromEntries(sorted) });
}

/** Whether a Node can carry the mark of all signers of a policy, however long its name: one that is too long is never read. */
export function fitsMark({ cluster, signers }: Policy): boolean {
  const node = 'n'.repeat(maxNodeName);
  const entries = signers.map(({ namespace, templates }): [ObjectKey, AcceptedSeal] => {
    const longest = Math.max(...templates.map((template) => fillTemplate(template, cluster, node).length));
    const seal = { iat: Number.MAX_SAFE_INTEGER, digest: 'd'.repeat(43), signer: 'x'.repeat(longest) };
    return [`${namespace}/${node}`, seal];
  });
  const mark = writeMark('u'.repeat(36), { objects: new Map(entries) });
  return mark === undefined || mark.length <= maxBytes;
}

function parse(text: string): z.infer<typeof markSchema> | undefined {
  if (text.length > maxBytes) return undefined;
  try {
    return markSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
