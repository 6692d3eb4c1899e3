/** What feature files say, by key as it stands in them. */
export interface LocalFeatures {
  /** The first time that is still to come at which lines end to count. */
  readonly expiry: Date | undefined;
  readonly features: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
}

const directiveStart = '# +';
/** RFC 3339 section 5.6, date-time. */
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * One feature file: lines `key=value`, or `key` for the value true; comments begin with `#`. Directives:
 *
 * - `# +expiry-time=RFC3339`: lines from here on end to count then; until the next such directive
 * - `# +no-label`, `# +no-feature`: the next line is no label, or no feature, nor is an earlier line with its key
 *
 * `report` is told of what cannot be understood, with the number of its line.
 */
export function parseFeatureFile(
  text: string,
  now: Date,
  report: (problem: string, line: number) => void,
): LocalFeatures {
  const features = new Map<string, string>();
  const labels = new Map<string, string>();
  let expired = false;
  const expiries: number[] = [];
  let [skipFeature, skipLabel] = [false, false];

  const obey = (directive: string, line: number): void => {
    const [name, value] = split(directive);
    if (name === 'no-feature') skipFeature = true;
    else if (name === 'no-label') skipLabel = true;
    else if (name !== 'expiry-time') report('there is no such directive', line);
    else if (!dateTime.test(value?.trim() ?? '') || Number.isNaN(Date.parse(value ?? ''))) {
      report('expiry-time is not a time such as 2026-01-31T12:00:00Z', line);
    } else {
      const expiry = Date.parse(value ?? '');
      expired = expiry < now.getTime();
      if (!expired) expiries.push(expiry);
    }
  };

  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line.startsWith(directiveStart)) obey(line.slice(directiveStart.length), index + 1);
    if (line === '' || line.startsWith('#') || expired) continue;
    const [key, value = 'true'] = split(line);
    put(features, key, skipFeature ? undefined : value);
    put(labels, key, skipLabel ? undefined : value);
    [skipFeature, skipLabel] = [false, false];
  }
  return { features, labels, expiry: earliest(expiries) };
}

/** The first of some moments, in milliseconds since the epoch; undefined where there is none. */
export function earliest(moments: readonly number[]): Date | undefined {
  return moments.length === 0 ? undefined : new Date(Math.min(...moments));
}

function put(map: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** What is before and after the first `=`; nothing after it where there is none. */
function split(text: string): readonly [string, string?] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text] : [text.slice(0, equals), text.slice(equals + 1)];
}
