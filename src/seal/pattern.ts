/**
 * What a policy entry grants: `*` (all), `prefix` + separator + `*` (all of one source or namespace) or one exact name.
 * No regular expressions: a dot or a missing anchor in one has let strangers in before.
 */
export type GrantPattern =
  | { readonly type: 'all' }
  | { readonly type: 'prefix'; readonly prefix: string }
  | { readonly type: 'exact'; readonly name: string };

/** Parses a pattern such as `cpu.*` (separator `.`) or `vendor.example/*` (separator `/`); undefined where it is none. */
export function parsePattern(text: string, separator: '.' | '/'): GrantPattern | undefined {
  if (text === '*') return { type: 'all' };
  const isPrefix = text.endsWith(`${separator}*`);
  const name = isPrefix ? text.slice(0, -1) : text;
  const [source, feature] = splitOnce(name, separator);
  if (name.includes('*') || source === '') return undefined;
  if (feature === undefined || (feature === '') !== isPrefix) return undefined;
  return isPrefix ? { type: 'prefix', prefix: name } : { type: 'exact', name };
}

/** True where one of the patterns covers the name. */
export function isGranted(name: string, patterns: readonly GrantPattern[]): boolean {
  return patterns.some((pattern) => {
    switch (pattern.type) {
      case 'all':
        return true;
      case 'prefix':
        return name.startsWith(pattern.prefix) && name.length > pattern.prefix.length;
      case 'exact':
        return name === pattern.name;
    }
  });
}

/** Splits at the first separator: feature names may hold dots after it. */
function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
