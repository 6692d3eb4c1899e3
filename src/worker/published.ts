import type { Discovery } from '../feature/features.ts';
import { isGranted, type GrantPattern } from '../seal/pattern.ts';

/** Which of the features that were found are published; labels always are. */
export interface PublishedFeatures {
  readonly only: readonly GrantPattern[];
  readonly except: readonly GrantPattern[];
}

/** The part of a discovery that is sealed and stored: what no rule uses costs the API server all the same. */
export function publishedPart(
  { features, labels }: Discovery,
  { only, except }: PublishedFeatures,
): Discovery {
  const kept = <Feature>(kind: Readonly<Record<string, Feature>>): Record<string, Feature> =>
    Object.fromEntries(
      Object.entries(kind).filter(([name]) => isGranted(name, only) && !isGranted(name, except)),
    );
  const { flags, attributes, instances } = features;
  return {
    features: { flags: kept(flags), attributes: kept(attributes), instances: kept(instances) },
    labels,
  };
}
