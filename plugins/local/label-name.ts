/** Whose labels these are where a file does not say: as they stand, without the name of this plugin. */
const defaultPrefix = 'feature.node.kubernetes.io';

export function labelName(key: string): string {
  return key.includes('/') ? key : `${defaultPrefix}/${key}`;
}
