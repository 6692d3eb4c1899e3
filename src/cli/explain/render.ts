import { renderTable, type TableOptions } from '../output.ts';
import { escapeControls } from '../../runtime/escape.ts';
import type { ExplainedObject, Explanation } from './explanation.ts';
import type { ExplainedLabel } from './labels.ts';

type Colour = Pick<TableOptions, 'colour'>;

/** Longest text in a cell: annotations are long. */
const longest = 60;
/** Events that are shown; JSON has all. */
const mostEvents = 10;

/** The explanation for people. */
export function renderExplanation(explanation: Explanation, { colour }: Colour): string {
  const { objects, labels, missing, others, events, notes } = explanation;
  const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] =>
    rows.length === 0 ? [] : [renderTable(rows, { header, colour })];
  return [
    head(explanation),
    ...table(['OBJECT', 'VERDICT', 'SIGNED', 'AGE', 'SIGNER'], objects.map(objectRow)),
    refusals(objects),
    ...table(['LABEL', 'VALUE', 'FROM', 'PLUGIN'], labels.map(labelRow)),
    ...table(
      ['NOT ON THE NODE', 'VALUE', 'FROM', 'WHY'],
      missing.map(({ key, value, object, reason }) => [key, value, object, reason]),
    ),
    ...table(
      ['OTHER', 'NAME', 'VALUE', 'FROM'],
      others.map(({ kind, key, value, source, writtenBy, note }) => [
        kind,
        key,
        short(value),
        withNote(source === 'foreign' && writtenBy !== undefined ? `foreign: ${writtenBy}` : source, note),
      ]),
    ),
    ...table(
      ['EVENT', 'ABOUT', 'TIMES', 'LAST', 'SAYS'],
      events
        .slice(0, mostEvents)
        .map(({ reason, about, count, last, message }) => [
          reason,
          about,
          String(count),
          last,
          short(message),
        ]),
    ),
    notes.map((note) => `note: ${escapeControls(note, true)}\n`).join(''),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function head({ node, cluster, mode, policy, bundles }: Explanation): string {
  const known =
    policy === null ? 'no policy' : `cluster ${cluster ?? ''}, mode ${mode ?? ''}, policy ${policy}`;
  return `Node ${node}: ${escapeControls(known)}; ${bundles === null ? 'no trust bundle' : `bundles ${escapeControls(bundles)}`}\n`;
}

function objectRow({
  object,
  verdict,
  code,
  counts,
  signed,
  ageSeconds,
  stale,
  signer,
  accepted,
}: ExplainedObject): string[] {
  const judged = acceptedElsewhere({ verdict, accepted }) === undefined ? verdict : 'as accepted';
  const shown = [
    code === null ? judged : `${judged}: ${code}`,
    ...(stale && counts ? ['stale'] : []),
    ...(counts && verdict !== 'accepted' ? ['in use'] : []),
  ];
  const claims = signer !== null && verdict !== 'accepted' ? `claims ${signer}` : (signer ?? '');
  return [object, shown.join(', '), signed ?? '', ageSeconds === null ? '' : age(ageSeconds), claims];
}

/** What the node's mark says of an object where there is no bundle here to judge by: a master, which had one, accepted it. */
function acceptedElsewhere({
  verdict,
  accepted,
}: Pick<ExplainedObject, 'verdict' | 'accepted'>): NonNullable<ExplainedObject['accepted']> | undefined {
  return verdict === 'unverified' && accepted?.same === true ? accepted : undefined;
}

/** What is wrong with objects, and what of them is in use instead. */
function refusals(objects: readonly ExplainedObject[]): string {
  return objects
    .flatMap(({ object, message, counts, accepted, verdict, stale }) => {
      const instead =
        counts || accepted === null
          ? []
          : [
              `${object}: in use is what ${accepted.signer} sealed at ${accepted.signed}${stale ? ', stale' : ''}`,
            ];
      const elsewhere = acceptedElsewhere({ verdict, accepted });
      const same =
        elsewhere === undefined
          ? []
          : [`${object}: not verified here; its content is what a master accepted from ${elsewhere.signer}`];
      return [...(message === null ? [] : [`${object}: ${message}`]), ...instead, ...same];
    })
    .map((line) => `${escapeControls(line, true)}\n`)
    .join('');
}

const sources: Readonly<Record<ExplainedLabel['source'], string>> = {
  object: '',
  accepted: 'last accepted of ',
  before: 'from before: NFD, or mode audit or off',
  leftover: 'no object any more; the master removes it',
  foreign: 'foreign',
};

function labelRow({ key, value, source, objects, plugin, writtenBy, note }: ExplainedLabel): string[] {
  const writer = source === 'foreign' && writtenBy !== undefined ? `: ${writtenBy}` : '';
  const from = `${sources[source]}${objects.join(' or ')}${writer}`;
  return [key, value, withNote(from, note), plugin ?? ''];
}

function withNote(text: string, note: string | undefined): string {
  return note === undefined ? text : `${text} (${note})`;
}

function short(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** `42s`, `5m`, `3h`, `2d`; a time in the future has a minus. */
function age(seconds: number): string {
  const size = Math.abs(seconds);
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'm'],
  ] as const;
  const [length, unit] = units.find(([each]) => size >= 2 * each) ?? [1, 's'];
  return `${seconds < 0 ? '-' : ''}${String(Math.floor(size / length))}${unit}`;
}
